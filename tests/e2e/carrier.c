/* An EXE installer as many products ship one: it carries an MSI, unpacks it, and hands msiexec its own arguments. */
#include <stdio.h>
#include <windows.h>

extern const unsigned char package_begin[], package_end[];
__asm__(".data\n"
        ".globl package_begin\npackage_begin:\n.incbin \"package.msi\"\n"
        ".globl package_end\npackage_end:\n"
        ".text\n");

enum { LINE = 4096, NOT_UNPACKED = 1, NOT_STARTED = 2 };

static BOOL unpack(const wchar_t *path) {
    size_t size = (size_t)(package_end - package_begin);
    FILE *file = _wfopen(path, L"wb");
    BOOL good = file && fwrite(package_begin, 1, size, file) == size;
    return file && fclose(file) == 0 && good;
}

int wmain(int count, wchar_t **arguments) {
    wchar_t folder[MAX_PATH], path[MAX_PATH], line[LINE];
    GetTempPathW(MAX_PATH, folder);
    swprintf(path, MAX_PATH, L"%lscarried.msi", folder);
    if (!unpack(path)) {
        return NOT_UNPACKED;
    }
    int used = swprintf(line, LINE, L"msiexec.exe /i \"%ls\" /qn /norestart", path);
    for (int i = 1; i < count; i++) {
        used += swprintf(line + used, LINE - used, L" %ls", arguments[i]);
    }
    STARTUPINFOW start = {.cb = sizeof start};
    PROCESS_INFORMATION process;
    if (!CreateProcessW(NULL, line, NULL, NULL, FALSE, 0, NULL, NULL, &start, &process)) {
        return NOT_STARTED;
    }
    DWORD code = 0;
    WaitForSingleObject(process.hProcess, INFINITE);
    GetExitCodeProcess(process.hProcess, &code);
    DeleteFileW(path);
    return (int)code;
}
