#include "settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <shlobj.h>

#include "product.h"
#include "text.h"
#include "wide.h"

enum { ERROR_SIZE = 160 };

bool machine_string(const wchar_t *key, const wchar_t *name, char *value, DWORD size) {
    wchar_t data[1024];
    DWORD bytes = sizeof data;
    value[0] = '\0';
    if (RegGetValueW(HKEY_LOCAL_MACHINE, key, name, RRF_RT_REG_SZ, NULL, data, &bytes) != ERROR_SUCCESS) {
        return false;
    }
    char *string = narrow(data);
    bool fits = strlen(string) < size;
    if (fits) {
        strcpy(value, string);
    }
    free(string);
    return fits;
}

static bool read_pin(const char *hex, BYTE pin[PIN_SIZE]) {
    size_t digits = 0;
    for (; *hex; hex++) {
        if (*hex == ':' || *hex == ' ') {
            continue;
        }
        const char *all = "0123456789abcdef";
        const char *digit = strchr(all, *hex >= 'A' && *hex <= 'F' ? *hex | 0x20 : *hex);
        if (!digit || digits == 2 * PIN_SIZE) {
            return false;
        }
        pin[digits / 2] = (BYTE)(pin[digits / 2] << 4 | (digit - all));
        digits++;
    }
    return digits == 2 * PIN_SIZE;
}

bool settings_read(struct settings *settings, char *error) {
    char backend[300];
    char pin[200];
    memset(settings, 0, sizeof *settings);
    machine_string(SETTINGS_KEY, L"BACKEND", backend, sizeof backend);
    char *colon = strrchr(backend, ':');
    int port = colon ? atoi(colon + 1) : 0;
    if (!colon || colon == backend || port < 1 || port > 65535) {
        snprintf(error, ERROR_SIZE, "BACKEND must be host:port");
        return false;
    }
    *colon = '\0';
    MultiByteToWideChar(CP_UTF8, 0, backend, -1, settings->host, 256);
    settings->port = (WORD)port;
    if (!machine_string(SETTINGS_KEY, L"ENROLSECRET", settings->secret, sizeof settings->secret)) {
        snprintf(error, ERROR_SIZE, "ENROLSECRET is missing");
        return false;
    }
    if (!machine_string(SETTINGS_KEY, L"SERVERPIN", pin, sizeof pin) || !read_pin(pin, settings->pin)) {
        snprintf(error, ERROR_SIZE, "SERVERPIN must be the SHA-256 of the server's certificate, 64 hex digits");
        return false;
    }
    return true;
}

static const wchar_t *runtime_key(void) {
    return HAS_OLD_LAYOUT ? OLD_RUNTIME_KEY : RUNTIME_KEY;
}

bool runtime_read(const wchar_t *name, char *value, DWORD size) {
    return machine_string(runtime_key(), name, value, size);
}

void runtime_write(const wchar_t *name, const char *value) {
    wchar_t *wide = widen(value);
    RegSetKeyValueW(HKEY_LOCAL_MACHINE, runtime_key(), name, REG_SZ, wide, (DWORD)((wcslen(wide) + 1) * sizeof *wide));
    free(wide);
}

void runtime_remove(const wchar_t *name) {
    RegDeleteKeyValueW(HKEY_LOCAL_MACHINE, runtime_key(), name);
}

void data_path(wchar_t *path, const wchar_t *below) {
    wchar_t root[MAX_PATH] = L"C:\\ProgramData";
    SHGetFolderPathW(NULL, CSIDL_COMMON_APPDATA, NULL, 0, root);
    swprintf(path, MAX_PATH, L"%ls\\" DATA_DIRECTORY L"%ls%ls", root, *below ? L"\\" : L"", below);
}

void make_data_directories(void) {
    wchar_t path[MAX_PATH];
    data_path(path, L"logs");
    SHCreateDirectoryExW(NULL, path, NULL);
}
