#include "later.h"

#include <windows.h>

void run_later(int seconds, const wchar_t *line) {
    wchar_t whole[1024];
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process;
    DWORD flags = CREATE_NO_WINDOW | CREATE_BREAKAWAY_FROM_JOB;
    swprintf(whole, 1024, L"C:\\Windows\\System32\\cmd.exe /d /s /c \"ping.exe -n %d 127.0.0.1 >nul & %ls\"", seconds + 1,
             line);
    if (!CreateProcessW(NULL, whole, NULL, NULL, FALSE, flags, NULL, NULL, &startup, &process) &&
        !CreateProcessW(NULL, whole, NULL, NULL, FALSE, CREATE_NO_WINDOW, NULL, NULL, &startup, &process)) {
        return;
    }
    CloseHandle(process.hThread);
    CloseHandle(process.hProcess);
}
