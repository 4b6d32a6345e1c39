/* wineboot.exe for Wine machines. Wine starts it first of all (`wineboot.exe --init`), and it starts services, drivers and what
 * else a boot needs. Windows has those in session 0, Wine in session 1. So this one lies in wineboot's place, asks the
 * machine's init through the FIFO <prefix>/power for a token of session 0 (session.py), awaits the answer from the FIFO
 * <prefix>/session, and then runs Wine's own, which lies beside the drives of the prefix and inherits the token. Called
 * otherwise it only runs Wine's own. Exit code: that of Wine's own, else the system's error. */
#include <wchar.h>
#include <windows.h>

static WCHAR path[MAX_PATH * 2];

/* A file beside the drives of the prefix. */
static BOOL beside(const WCHAR *name)
{
    DWORD length = GetEnvironmentVariableW(L"WINECONFIGDIR", path, MAX_PATH * 2 - 20);

    if (!length || length >= MAX_PATH * 2 - 20) return FALSE;
    wcscat(path, name);
    if (!wcsncmp(path, L"\\??\\", 4)) path[1] = L'\\'; /* NT form to Win32 form */
    return TRUE;
}

static HANDLE open_beside(const WCHAR *name, DWORD access)
{
    if (!beside(name)) return INVALID_HANDLE_VALUE;
    return CreateFileW(path, access, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
}

/* Init answers or ends the machine, so no deadline is needed here. */
static void await_session_0(void)
{
    static const char request[] = "session 0\n";
    HANDLE ask = open_beside(L"\\power", GENERIC_WRITE), answer = open_beside(L"\\session", GENERIC_READ);
    char said[8];
    DWORD length;

    if (ask != INVALID_HANDLE_VALUE && answer != INVALID_HANDLE_VALUE
        && WriteFile(ask, request, sizeof(request) - 1, &length, NULL))
        ReadFile(answer, said, sizeof(said), &length, NULL);
    if (ask != INVALID_HANDLE_VALUE) CloseHandle(ask);
    if (answer != INVALID_HANDLE_VALUE) CloseHandle(answer);
}

int wmain(int argc, WCHAR **argv)
{
    STARTUPINFOW startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION wineboot;
    DWORD code;

    if (argc == 2 && !wcscmp(argv[1], L"--init")) await_session_0();
    if (!beside(L"\\wineboot.exe")) return ERROR_ENVVAR_NOT_FOUND;
    if (!CreateProcessW(path, GetCommandLineW(), NULL, NULL, TRUE, 0, NULL, NULL, &startup, &wineboot))
        return (int)GetLastError();
    WaitForSingleObject(wineboot.hProcess, INFINITE);
    GetExitCodeProcess(wineboot.hProcess, &code);
    return (int)code;
}
