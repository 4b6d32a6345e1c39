/* The debugger that Wine starts for a program that crashed: `bvt-crash.exe PID EVENT` (AeDebug). It tells the machine's init
 * which program that was and whose code was in it, through the FIFO <prefix>/power, and lets it end as it would have. Wine's
 * own message names neither. Exit codes: 0 done, 87 wrong arguments, 1115 if there is no init to tell. */
#include <wchar.h>
#include <windows.h>
#include <tlhelp32.h>

#define MOST 3500 /* bytes: what is written in one piece is not mixed with others' (PIPE_BUF, 4096) */

static char line[MOST + 2];
static DWORD length;

static void add(const char *separator, const WCHAR *text)
{
    char piece[MAX_PATH * 3];
    int size = WideCharToMultiByte(CP_UTF8, 0, text, -1, piece, sizeof(piece), NULL, NULL);

    if (size < 2 || length + strlen(separator) + size > MOST) return;
    memcpy(line + length, separator, strlen(separator));
    memcpy(line + length + strlen(separator), piece, size - 1);
    length += strlen(separator) + size - 1;
}

int wmain(int argc, WCHAR **argv)
{
    WCHAR path[MAX_PATH * 2];
    DWORD id, size = MAX_PATH, written;
    HANDLE process, modules, fifo;
    MODULEENTRY32W module = {.dwSize = sizeof(module)};
    BOOL more;

    if (argc != 3) return 87;
    id = wcstoul(argv[1], NULL, 10);
    process = OpenProcess(PROCESS_QUERY_INFORMATION, FALSE, id);
    memcpy(line, "crash", length = 5);
    if (!process || !QueryFullProcessImageNameW(process, 0, path, &size)) wcscpy(path, L"?");
    add(" ", path);
    modules = CreateToolhelp32Snapshot(TH32CS_SNAPMODULE | TH32CS_SNAPMODULE32, id);
    if (modules != INVALID_HANDLE_VALUE)
        for (more = Module32FirstW(modules, &module); more; more = Module32NextW(modules, &module))
            add("|", module.szExePath);
    line[length++] = '\n';
    size = GetEnvironmentVariableW(L"WINECONFIGDIR", path, MAX_PATH * 2 - 8);
    if (!size || size >= MAX_PATH * 2 - 8) return 1115;
    wcscat(path, L"\\power");
    if (!wcsncmp(path, L"\\??\\", 4)) path[1] = L'\\'; /* NT form to Win32 form */
    fifo = CreateFileW(path, GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    if (fifo == INVALID_HANDLE_VALUE) return 1115;
    size = WriteFile(fifo, line, length, &written, NULL) ? 0 : 1115;
    CloseHandle(fifo);
    return (int)size;
}
