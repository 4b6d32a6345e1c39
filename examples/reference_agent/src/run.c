#include "run.h"

#include <windows.h>

enum { TIMEOUT_MS = 20000 };

bool run_system_program(const wchar_t *program, const wchar_t *arguments) {
    wchar_t directory[MAX_PATH], path[MAX_PATH * 2], line[1024];
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process;
    DWORD code = 1;
    GetSystemDirectoryW(directory, MAX_PATH);
    swprintf(path, MAX_PATH * 2, L"%ls\\%ls", directory, program);
    swprintf(line, 1024, L"\"%ls\" %ls", path, arguments);
    if (!CreateProcessW(path, line, NULL, NULL, FALSE, CREATE_NO_WINDOW, NULL, NULL, &startup, &process)) {
        return false;
    }
    if (WaitForSingleObject(process.hProcess, TIMEOUT_MS) == WAIT_OBJECT_0) {
        GetExitCodeProcess(process.hProcess, &code);
    } else {
        TerminateProcess(process.hProcess, 1);
    }
    CloseHandle(process.hThread);
    CloseHandle(process.hProcess);
    return code == 0;
}
