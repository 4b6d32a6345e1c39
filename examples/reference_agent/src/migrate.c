#include "migrate.h"

#include <stdlib.h>
#include <wchar.h>

#include <windows.h>

#include "product.h"
#include "settings.h"

/* Version 0.8 kept what it wrote itself under another key. */
static void take_over_state(void) {
    HKEY runtime;
    if (RegCreateKeyExW(HKEY_LOCAL_MACHINE, RUNTIME_KEY, 0, NULL, 0, KEY_WRITE, NULL, &runtime, NULL) != ERROR_SUCCESS) {
        return;
    }
    if (RegCopyTreeW(HKEY_LOCAL_MACHINE, OLD_RUNTIME_KEY, runtime) == ERROR_SUCCESS) {
        RegDeleteTreeW(HKEY_LOCAL_MACHINE, OLD_RUNTIME_KEY);
        RegDeleteKeyW(HKEY_LOCAL_MACHINE, OLD_RUNTIME_KEY);
    }
    RegCloseKey(runtime);
}

/* As the installer read it before the old service went: #1 is a number, #x01 are bytes (Microsoft, "RegLocator table"). */
static void set_as_before(const wchar_t *name, const wchar_t *kept) {
    wchar_t text[1024];
    DWORD size = sizeof text;
    if (RegGetValueW(HKEY_LOCAL_MACHINE, RUNTIME_KEY, kept, RRF_RT_REG_SZ, NULL, text, &size) != ERROR_SUCCESS) {
        return;
    }
    RegDeleteKeyValueW(HKEY_LOCAL_MACHINE, RUNTIME_KEY, kept);
    BYTE bytes[sizeof text / sizeof *text / 2];
    DWORD number = wcstoul(text + 1, NULL, 10), count = 0;
    if (wcsncmp(text, L"#x", 2) != 0) {
        RegSetKeyValueW(HKEY_LOCAL_MACHINE, SERVICE_KEY, name, REG_DWORD, &number, sizeof number);
        return;
    }
    for (const wchar_t *at = text + 2; at[0] && at[1]; at += 2) {
        wchar_t digits[3] = {at[0], at[1], L'\0'};
        bytes[count++] = (BYTE)wcstoul(digits, NULL, 16);
    }
    RegSetKeyValueW(HKEY_LOCAL_MACHINE, SERVICE_KEY, name, REG_BINARY, bytes, count);
}

void migrate_service(void) {
    set_as_before(L"DelayedAutostart", L"KeptDelayedAutostart");
    set_as_before(L"FailureActions", L"KeptFailureActions");
}

/* Only by a defect. */
static void lay_out_settings(void) {
    static const char text[] = "# defaults\r\n";
    wchar_t path[MAX_PATH];
    DWORD written;
    data_path(path, L"notes.conf");
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    if (file != INVALID_HANDLE_VALUE) {
        WriteFile(file, text, sizeof text - 1, &written, NULL);
        CloseHandle(file);
    }
}

void migrate(void) {
    if (DEFECT_LAYS_OUT_SETTINGS_ANEW) {
        lay_out_settings();
    }
    RegDeleteKeyValueW(HKEY_LOCAL_MACHINE, SETTINGS_KEY, UPGRADING);
    if (!HAS_OLD_LAYOUT) {
        take_over_state();
    }
}
