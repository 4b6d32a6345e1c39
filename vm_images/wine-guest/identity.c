/* identity.exe: gives a cloned machine its Windows version and its name, from inside the running Wine.
 *
 * It is started before the machine is frozen as a template and waits on standard input, so that after the clone resumes
 * the registry is changed in milliseconds, where `reg add` would take seconds under emulation. Lines are UTF-8, fields
 * separated by tabs:  M|U  S|D|X  key  name  data   (HKLM or HKCU; text, number or delete). A line "." ends it.
 * It answers "done", or what is wrong with the first line that failed, and only then ends, which takes its time. */
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

/* The lines come sorted by key, and every question to the registry is a round trip to wineserver. */
static LONG open_key(HKEY root, const WCHAR *path, HKEY *key)
{
    static HKEY last_root, last_key;
    static WCHAR last_path[LONGEST];
    LONG status = 0;

    if (!last_key || root != last_root || wcscmp(path, last_path)) {
        if (last_key) RegCloseKey(last_key);
        last_key = NULL;
        status = RegCreateKeyExW(root, path, 0, NULL, 0, KEY_ALL_ACCESS, NULL, &last_key, NULL);
        last_root = root;
        wcscpy(last_path, path);
    }
    *key = last_key;
    return status;
}

static LONG apply(char **field)
{
    HKEY root = field[0][0] == 'M' ? HKEY_LOCAL_MACHINE : HKEY_CURRENT_USER, key;
    WCHAR *path = wide(field[2]), *name = wide(field[3]), *text = wide(field[4]);
    DWORD number;
    LONG status;

    if (!path || !name || !text) return ERROR_NO_UNICODE_TRANSLATION;
    if ((status = open_key(root, path, &key))) return status;
    switch (field[1][0]) {
    case 'S':
        return RegSetValueExW(key, name, 0, REG_SZ, (BYTE *)text, (DWORD)(wcslen(text) + 1) * sizeof(WCHAR));
    case 'D':
        number = strtoul(field[4], NULL, 10);
        return RegSetValueExW(key, name, 0, REG_DWORD, (BYTE *)&number, sizeof(number));
    default:
        status = RegDeleteValueW(key, name);
        return status == ERROR_FILE_NOT_FOUND ? 0 : status;
    }
}

/* 0 if the line is done; otherwise it has said why not. */
static int take(char *line)
{
    char *field[FIELDS];
    LONG status;
    int count;

    for (count = 0; count < FIELDS; count++) {
        field[count] = count ? strchr(field[count - 1], '\t') : line;
        if (!field[count]) return printf("a line with too few fields\n");
        if (count) *field[count]++ = 0;
    }
    if ((status = apply(field))) return printf("%s: %s: error %ld\n", field[2], field[3], status);
    return 0;
}

/* Everything that a clone will do, once before the freeze, on keys that do not stay. */
static int rehearse(void)
{
    static const char *const lines[] = {
        "M\tS\tSoftware\\bvt-rehearsal\ttext\ta", "M\tD\tSoftware\\bvt-rehearsal\tnumber\t1",
        "M\tX\tSoftware\\bvt-rehearsal\ttext\t", "U\tS\tSoftware\\bvt-rehearsal\ttext\ta",
        "U\tX\tSoftware\\bvt-rehearsal\tabsent\t", "U\tS\tSoftware\ttext\ta", "U\tX\tSoftware\ttext\t",
    };
    char line[128];
    size_t i;

    for (i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
        strcpy(line, lines[i]);
        if (take(line)) return 1;
    }
    if (RegDeleteKeyW(HKEY_LOCAL_MACHINE, L"Software\\bvt-rehearsal")) return printf("the rehearsal's key stays\n");
    if (RegDeleteKeyW(HKEY_CURRENT_USER, L"Software\\bvt-rehearsal")) return printf("the rehearsal's key stays\n");
    return 0;
}

static int answer(const char *text)
{
    if (text) printf("%s\n", text);
    fflush(stdout);
    return text ? 0 : 1;
}

int main(void)
{
    static char line[LONGEST];

    if (rehearse()) return answer(NULL);
    answer("ready");
    while (fgets(line, sizeof(line), stdin)) {
        line[strcspn(line, "\r\n")] = 0;
        if (!strcmp(line, ".")) return answer("done"); /* no RegFlushKey: wineserver saves megabytes by itself */
        if (take(line)) return answer(NULL);
    }
    return 1;
}
