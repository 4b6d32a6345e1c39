/* Scheduled tasks from their definition files below System32\Tasks. */
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <windows.h>

#include "tables.h"
#include "text.h"
#include "wide.h"

enum { DEPTH_LIMIT = 6, FILE_LIMIT = 256 * 1024 };

static wchar_t *read_definition(const wchar_t *path) {
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                              OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE) {
        return NULL;
    }
    char *bytes = allocate(FILE_LIMIT + 2);
    DWORD count = 0;
    ReadFile(file, bytes, FILE_LIMIT, &count, NULL);
    CloseHandle(file);
    if (count >= 2 && (BYTE)bytes[0] == 0xFF && (BYTE)bytes[1] == 0xFE) { /* UTF-16, as Windows writes it */
        wchar_t *text = allocate(count + sizeof(wchar_t));
        memcpy(text, bytes + 2, count - 2);
        free(bytes);
        return text;
    }
    wchar_t *text = widen(bytes);
    free(bytes);
    return text;
}

/* The content of the first such element. Enough here: the service wrote the file, the schema is fixed. */
static char *element(const wchar_t *xml, const wchar_t *open, const wchar_t *close) {
    const wchar_t *from = xml ? wcsstr(xml, open) : NULL;
    const wchar_t *to = from ? wcsstr(from, close) : NULL;
    if (!to) {
        return duplicate("");
    }
    from += wcslen(open);
    return narrow_part(from, (size_t)(to - from));
}

static void add_task(struct sink *sink, const wchar_t *file, const wchar_t *task_path) {
    wchar_t *xml = read_definition(file);
    const wchar_t *settings = xml ? wcsstr(xml, L"<Settings>") : NULL;
    char *action = element(xml, L"<Command>", L"</Command>");
    char *enabled = element(settings, L"<Enabled>", L"</Enabled>");
    char *path = narrow(task_path);
    const char *slash = strrchr(path, '\\');
    table_row(sink, (const char *[]){slash ? slash + 1 : path, path, action,
                                     strcmp(enabled, "false") == 0 ? "0" : "1"});
    free(xml);
    free(action);
    free(enabled);
    free(path);
}

static bool walk(struct sink *sink, const wchar_t *root, const wchar_t *below, int depth) {
    wchar_t path[MAX_PATH * 2];
    WIN32_FIND_DATAW entry;
    swprintf(path, MAX_PATH * 2, L"%ls%ls\\*", root, below);
    HANDLE find = FindFirstFileW(path, &entry);
    if (find == INVALID_HANDLE_VALUE) {
        return GetLastError() == ERROR_FILE_NOT_FOUND || GetLastError() == ERROR_PATH_NOT_FOUND;
    }
    do {
        wchar_t task[MAX_PATH * 2];
        if (wcscmp(entry.cFileName, L".") == 0 || wcscmp(entry.cFileName, L"..") == 0) {
            continue;
        }
        swprintf(task, MAX_PATH * 2, L"%ls\\%ls", below, entry.cFileName);
        swprintf(path, MAX_PATH * 2, L"%ls%ls", root, task);
        if (!(entry.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY)) {
            add_task(sink, path, task);
        } else if (depth < DEPTH_LIMIT) {
            walk(sink, root, task, depth + 1);
        }
    } while (FindNextFileW(find, &entry));
    FindClose(find);
    return true;
}

bool scheduled_tasks_table(struct sink *sink) {
    wchar_t root[MAX_PATH];
    GetSystemDirectoryW(root, MAX_PATH - 8);
    wcscat(root, L"\\Tasks");
    return walk(sink, root, L"", 0);
}
