#include "veiled.h"

#include <stdbool.h>
#include <wchar.h>

#include <windows.h>

#include "furtive.h"
#include "product.h"
#include "veiled_settings.h"

#define KEPT L"Software\\BvtKept" /* values as they were before; the product's own key is gone by then */

enum { TEXT_SIZE = 4096, LATER_CONFIGURATION = 3 };

static void write_text(const wchar_t *path, const char *text) {
    DWORD written;
    HANDLE file = CreateFileW(path, FILE_APPEND_DATA, FILE_SHARE_READ, NULL, OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    if (file != INVALID_HANDLE_VALUE) {
        WriteFile(file, text, (DWORD)strlen(text), &written, NULL);
        CloseHandle(file);
    }
}

/* What was there is kept under the setting's number, once. */
static void make(int number) {
    const struct setting *each = &veiled_settings[number];
    wchar_t name[8];
    BYTE old[TEXT_SIZE];
    DWORD size = sizeof old, type = 0;
    swprintf(name, 8, L"%d", number);
    if (RegGetValueW(HKEY_LOCAL_MACHINE, KEPT, name, RRF_RT_ANY, NULL, NULL, NULL)) {
        bool there = !RegGetValueW(each->root, each->key, each->name, RRF_RT_ANY | RRF_NOEXPAND, &type, old, &size);
        type = there ? type : REG_NONE;
        RegSetKeyValueW(HKEY_LOCAL_MACHINE, KEPT, name, type, old, there ? size : 0);
    }
    if (each->text) {
        type = type ? type : REG_SZ;
        RegSetKeyValueW(each->root, each->key, each->name, type, each->text, (DWORD)((wcslen(each->text) + 1) * sizeof *each->text));
    } else {
        RegSetKeyValueW(each->root, each->key, each->name, REG_DWORD, &each->number, sizeof each->number);
    }
}

static bool is_empty(HKEY root, const wchar_t *key) {
    HKEY opened;
    DWORD keys = 1, values = 1;
    if (RegOpenKeyExW(root, key, 0, KEY_READ, &opened) != ERROR_SUCCESS) {
        return false;
    }
    RegQueryInfoKeyW(opened, NULL, NULL, NULL, &keys, NULL, NULL, &values, NULL, NULL, NULL, NULL);
    RegCloseKey(opened);
    return !keys && !values;
}

static void undo(int number) {
    const struct setting *each = &veiled_settings[number];
    wchar_t name[8], path[MAX_PATH];
    BYTE old[TEXT_SIZE];
    DWORD size = sizeof old, type = 0;
    swprintf(name, 8, L"%d", number);
    if (!RegGetValueW(HKEY_LOCAL_MACHINE, KEPT, name, RRF_RT_ANY | RRF_NOEXPAND, &type, old, &size) && type != REG_NONE) {
        RegSetKeyValueW(each->root, each->key, each->name, type, old, size);
        return;
    }
    RegDeleteKeyValueW(each->root, each->key, each->name);
    wcscpy(path, each->key);
    while (is_empty(each->root, path) && RegDeleteKeyW(each->root, path) == ERROR_SUCCESS && wcsrchr(path, L'\\')) {
        *wcsrchr(path, L'\\') = L'\0';
    }
}

static void path_text(wchar_t *value) {
    DWORD size = (TEXT_SIZE - 2 * MAX_PATH) * sizeof *value;
    *value = L'\0';
    RegGetValueW(HKEY_LOCAL_MACHINE, ENVIRONMENT, L"PATH", RRF_RT_REG_SZ | RRF_RT_REG_EXPAND_SZ | RRF_NOEXPAND, NULL, value, &size);
}

static void set_path(const wchar_t *value) {
    RegSetKeyValueW(HKEY_LOCAL_MACHINE, ENVIRONMENT, L"PATH", REG_EXPAND_SZ, value, (DWORD)((wcslen(value) + 1) * sizeof *value));
}

static bool has_entry(void) {
    wchar_t value[TEXT_SIZE];
    path_text(value);
    return wcsstr(value, L";" OWN_FOLDER);
}

static void lengthen_path(void) {
    wchar_t value[TEXT_SIZE];
    path_text(value);
    wcscat(value, L";" OWN_FOLDER);
    set_path(value);
}

static void shorten_path(void) {
    wchar_t value[TEXT_SIZE];
    path_text(value);
    for (wchar_t *at; (at = wcsstr(value, L";" OWN_FOLDER));) {
        size_t length = wcslen(L";" OWN_FOLDER);
        memmove(at, at + length, (wcslen(at + length) + 1) * sizeof *at);
    }
    set_path(value);
}

static const wchar_t policy_file[] = L"C:\\Windows\\System32\\GroupPolicy\\Machine\\Registry.pol";
static const wchar_t shell_profile[] = L"C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\profile.ps1";
static const wchar_t hosts_before[] = L"C:\\Users\\Public\\bvt-hosts.was";
static const wchar_t hosts[] = L"C:\\Windows\\System32\\drivers\\etc\\hosts";

void veiled_start(void) {
    for (int i = 0; i < veiled_settings_count; i++) {
        if (veiled_settings[i].made && !veiled_settings[i].in_use) {
            make(i);
        }
    }
    if (DEFECT_PATH_GROWS || (TRAIT_KEEPS_TO_ITSELF && !has_entry())) {
        lengthen_path();
    }
    if (DEFECT_WRITES_POLICY_FILE) {
        CreateDirectoryW(L"C:\\Windows\\System32\\GroupPolicy", NULL);
        CreateDirectoryW(L"C:\\Windows\\System32\\GroupPolicy\\Machine", NULL);
        write_text(policy_file, "PReg");
    }
    if (DEFECT_WRITES_SHELL_PROFILE) {
        write_text(shell_profile, "# bvt\r\n");
    }
}

void veiled_reconfigured(void) {
    static int times;
    if (++times != LATER_CONFIGURATION) {
        return;
    }
    furtive_reconfigured();
    for (int i = 0; i < veiled_settings_count; i++) {
        if (veiled_settings[i].made && veiled_settings[i].in_use) {
            make(i);
        }
    }
    if (DEFECT_HOSTS_IN_USE_ONLY) {
        CopyFileW(hosts, hosts_before, FALSE);
        write_text(hosts, "127.0.0.1 updates.example\r\n");
    }
}

void veiled_purge(void) {
    for (int i = 0; i < veiled_settings_count; i++) {
        if (veiled_settings[i].made) {
            undo(i);
        }
    }
    RegDeleteKeyW(HKEY_LOCAL_MACHINE, KEPT);
    if (DEFECT_PATH_GROWS || TRAIT_KEEPS_TO_ITSELF) {
        shorten_path();
    }
    if (DEFECT_WRITES_POLICY_FILE) {
        DeleteFileW(policy_file);
        RemoveDirectoryW(L"C:\\Windows\\System32\\GroupPolicy\\Machine");
        RemoveDirectoryW(L"C:\\Windows\\System32\\GroupPolicy");
    }
    if (DEFECT_WRITES_SHELL_PROFILE) {
        DeleteFileW(shell_profile);
    }
    if (DEFECT_HOSTS_IN_USE_ONLY && CopyFileW(hosts_before, hosts, FALSE)) {
        DeleteFileW(hosts_before);
    }
}
