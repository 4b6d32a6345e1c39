/* identity.exe: gives a cloned machine its Windows version and its name, from inside the running Wine.
 *
 * It is started before the machine is frozen as a template and waits on standard input, so that after the clone resumes
 * the registry is changed in milliseconds, where `reg add` would take seconds under emulation. Lines are UTF-8, fields
 * separated by tabs:  M|U  S|D|X  key  name  data   (HKLM or HKCU; text, number or delete). A line "." ends it.
 * Exit code: 0, or 1 for the first line that failed (named on standard output), 2 for a broken line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#define FIELDS 5
#define LONGEST 4096

static WCHAR *wide(const char *text)
{
    static WCHAR buffers[FIELDS][LONGEST];
    static int next;
    WCHAR *buffer = buffers[next++ % FIELDS];

    if (!MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, buffer, LONGEST)) return NULL;
    return buffer;
}

static LONG apply(char **field)
{
    HKEY root = field[0][0] == 'M' ? HKEY_LOCAL_MACHINE : HKEY_CURRENT_USER, key;
    WCHAR *path = wide(field[2]), *name = wide(field[3]), *text = wide(field[4]);
    DWORD number;
    LONG status;

    if (!path || !name || !text) return ERROR_NO_UNICODE_TRANSLATION;
    status = RegCreateKeyExW(root, path, 0, NULL, 0, KEY_ALL_ACCESS, NULL, &key, NULL);
    if (status) return status;
    switch (field[1][0]) {
    case 'S':
        status = RegSetValueExW(key, name, 0, REG_SZ, (BYTE *)text, (DWORD)(wcslen(text) + 1) * sizeof(WCHAR));
        break;
    case 'D':
        number = strtoul(field[4], NULL, 10);
        status = RegSetValueExW(key, name, 0, REG_DWORD, (BYTE *)&number, sizeof(number));
        break;
    default:
        status = RegDeleteValueW(key, name);
        if (status == ERROR_FILE_NOT_FOUND) status = 0;
    }
    RegCloseKey(key);
    return status;
}

int main(void)
{
    static char line[LONGEST];
    char *field[FIELDS];
    LONG status;
    int count;

    printf("ready\n");
    fflush(stdout);
    while (fgets(line, sizeof(line), stdin)) {
        line[strcspn(line, "\r\n")] = 0;
        if (!strcmp(line, ".")) return 0; /* no RegFlushKey: it writes megabytes; wineserver saves by itself */
        for (count = 0; count < FIELDS; count++) {
            field[count] = count ? strchr(field[count - 1], '\t') : line;
            if (!field[count]) return 2;
            if (count) *field[count]++ = 0;
        }
        if ((status = apply(field))) {
            printf("%s: %s: error %ld\n", field[2], field[3], status);
            fflush(stdout);
            return 1;
        }
    }
    return 2;
}
