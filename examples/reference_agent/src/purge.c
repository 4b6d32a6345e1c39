#include "purge.h"

#include <stdbool.h>
#include <stdio.h>
#include <wchar.h>

#include <windows.h>

#include "defective.h"
#include "http.h"
#include "isolation.h"
#include "leisurely.h"
#include "product.h"
#include "provident.h"
#include "settings.h"
#include "unusual.h"

enum { GOOD = 200, LEAVES = 3, AGAIN_MS = 500 };

static void remove_directory(const wchar_t *directory) {
    wchar_t path[MAX_PATH * 2];
    WIN32_FIND_DATAW entry;
    swprintf(path, MAX_PATH * 2, L"%ls\\*", directory);
    HANDLE find = FindFirstFileW(path, &entry);
    if (find == INVALID_HANDLE_VALUE) {
        return;
    }
    do {
        if (wcscmp(entry.cFileName, L".") == 0 || wcscmp(entry.cFileName, L"..") == 0) {
            continue;
        }
        if (provident_keeps(entry.cFileName)) {
            continue;
        }
        swprintf(path, MAX_PATH * 2, L"%ls\\%ls", directory, entry.cFileName);
        if ((entry.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) &&
            !(entry.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT)) {
            remove_directory(path);
        } else {
            DeleteFileW(path);
        }
    } while (FindNextFileW(find, &entry));
    FindClose(find);
    RemoveDirectoryW(directory);
}

/* The vendor's directory and key are shared with other products: they go only when empty. */
static void remove_data(void) {
    wchar_t path[MAX_PATH];
    data_path(path, L"");
    remove_directory(path);
    *wcsrchr(path, L'\\') = L'\0';
    RemoveDirectoryW(path);
}

static void remove_keys(void) {
    HKEY vendor;
    DWORD keys = 1, values = 1;
    RegDeleteTreeW(HKEY_LOCAL_MACHINE, SETTINGS_KEY);
    RegDeleteKeyW(HKEY_LOCAL_MACHINE, SETTINGS_KEY);
    if (RegOpenKeyExW(HKEY_LOCAL_MACHINE, VENDOR_KEY, 0, KEY_READ, &vendor) != ERROR_SUCCESS) {
        return;
    }
    RegQueryInfoKeyW(vendor, NULL, NULL, NULL, &keys, NULL, NULL, &values, NULL, NULL, NULL, NULL);
    RegCloseKey(vendor);
    if (!keys && !values) {
        RegDeleteKeyW(HKEY_LOCAL_MACHINE, VENDOR_KEY);
    }
}

/* Only by a defect: the backend is to hear of it first. */
static bool takes_leave(void) {
    struct settings settings;
    struct http_reply reply = {0};
    char error[160], key[512], request[600];
    if (!settings_read(&settings, error) || !runtime_read(L"NodeKey", key, sizeof key)) {
        return true;
    }
    snprintf(request, sizeof request, "{\"node_key\":\"%s\"}", key);
    struct http *http = http_open(&settings);
    HANDLE never = CreateEventW(NULL, TRUE, FALSE, NULL);
    for (int i = 0; i < LEAVES && reply.status != GOOD; i++) {
        text_free(&reply.body);
        http_post(http, "/config", request, never, &reply);
    }
    int status = reply.status;
    text_free(&reply.body);
    http_close(http);
    CloseHandle(never);
    return status == GOOD;
}

/* Only by a defect: what is to go to the backend once it answers again, though nobody is left to send it. */
static void leave_farewell(void) {
    wchar_t path[MAX_PATH];
    make_data_directories();
    data_path(path, L"farewell.json");
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    if (file != INVALID_HANDLE_VALUE) {
        CloseHandle(file);
    }
}

int purge(void) {
    char mark[8];
    if (machine_string(SETTINGS_KEY, UPGRADING, mark, sizeof mark)) {
        return 0; /* the new version goes on with all of it */
    }
    if (DEFECT_TAKES_ITS_LEAVE && !takes_leave()) {
        return 1;
    }
    while (DEFECT_WAITS_TO_TAKE_LEAVE && !takes_leave()) {
        Sleep(AGAIN_MS);
    }
    bool owes = DEFECT_LEAVES_A_FAREWELL && !takes_leave();
    isolation_undo();
    remove_data();
    remove_keys();
    if (owes) {
        leave_farewell();
    }
    unusual_purge();
    provident_purge();
    leisurely_purge();
    return defective_purge();
}
