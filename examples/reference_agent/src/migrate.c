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

void migrate(void) {
    RegDeleteKeyValueW(HKEY_LOCAL_MACHINE, SETTINGS_KEY, UPGRADING);
    if (!HAS_OLD_LAYOUT) {
        take_over_state();
    }
}
