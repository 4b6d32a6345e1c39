/* The agent: it runs until there is a file `stop` beside it. */
#include <windows.h>

int wmain(void) {
    wchar_t path[MAX_PATH + 8];
    DWORD length = GetModuleFileNameW(NULL, path, MAX_PATH);
    while (length && path[length - 1] != L'\\') {
        length--;
    }
    lstrcpyW(path + length, L"stop");
    while (GetFileAttributesW(path) == INVALID_FILE_ATTRIBUTES) {
        Sleep(100);
    }
    return 0;
}
