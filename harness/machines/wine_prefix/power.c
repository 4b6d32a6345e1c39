/* shutdown.exe for Wine machines. Wine's own is a stub that does nothing, so this one hands the request to the machine's
 * init through the FIFO <prefix>/power. Options as in Windows' shutdown.exe ("shutdown" in Windows Commands): /r /s /p /a
 * /t SECONDS; /f, /c TEXT, /d REASON are accepted and have no effect. Exit codes: 0 done, 87 wrong options,
 * 1115 (ERROR_SHUTDOWN_IN_PROGRESS is what Windows uses when it cannot) if there is no init to ask. */
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>
#include <windows.h>

static int request(const char *verb, unsigned long delay_s)
{
    WCHAR path[MAX_PATH * 2];
    char line[64];
    DWORD length, written;
    HANDLE fifo;

    length = GetEnvironmentVariableW(L"WINECONFIGDIR", path, MAX_PATH * 2 - 8);
    if (!length || length >= MAX_PATH * 2 - 8) return 1115;
    wcscat(path, L"\\power");
    if (!wcsncmp(path, L"\\??\\", 4)) path[1] = L'\\'; /* NT form to Win32 form */
    fifo = CreateFileW(path, GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    if (fifo == INVALID_HANDLE_VALUE) return 1115;
    snprintf(line, sizeof(line), "%s %lu\n", verb, delay_s);
    length = WriteFile(fifo, line, (DWORD)strlen(line), &written, NULL) ? 0 : 1115;
    CloseHandle(fifo);
    return (int)length;
}

int wmain(int argc, WCHAR **argv)
{
    const char *verb = NULL;
    unsigned long delay_s = 30; /* what Windows waits when not told */
    WCHAR *end;
    int i;

    for (i = 1; i < argc; i++) {
        const WCHAR *option = argv[i];
        if ((option[0] != L'/' && option[0] != L'-') || !option[1]) return 87;
        if (!_wcsicmp(option + 1, L"r") || !_wcsicmp(option + 1, L"g")) verb = "reboot";
        else if (!_wcsicmp(option + 1, L"s")) verb = "off";
        else if (!_wcsicmp(option + 1, L"p")) { verb = "off"; delay_s = 0; }
        else if (!_wcsicmp(option + 1, L"a")) verb = "abort";
        else if (!_wcsicmp(option + 1, L"f")) continue;
        else if (!_wcsicmp(option + 1, L"t") && i + 1 < argc) {
            delay_s = wcstoul(argv[++i], &end, 10);
            if (*end || delay_s > 315360000) return 87;
        } else if (!_wcsicmp(option + 1, L"c") && i + 1 < argc) i++;
        else if (!_wcsicmp(option + 1, L"d") && i + 1 < argc) i++;
        else return 87;
    }
    if (!verb) return 87;
    return request(verb, delay_s);
}
