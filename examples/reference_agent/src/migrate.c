#include "migrate.h"

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
