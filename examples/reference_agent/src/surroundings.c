#include "surroundings.h"

#include <wchar.h>

#include <windows.h>

static const wchar_t key[] = L"SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment";

static void set_variable(const wchar_t *name, const wchar_t *value) {
    RegSetKeyValueW(HKEY_LOCAL_MACHINE, key, name, REG_EXPAND_SZ, value, (DWORD)((wcslen(value) + 1) * sizeof *value));
}

static void append_to_path(const wchar_t *entry) {
    wchar_t value[4096] = L"";
    DWORD size = sizeof value - 2 * MAX_PATH;
    RegGetValueW(HKEY_LOCAL_MACHINE, key, L"PATH", RRF_RT_REG_SZ | RRF_RT_REG_EXPAND_SZ | RRF_NOEXPAND, NULL, value, &size);
    wcscat(value, entry);
    set_variable(L"PATH", value);
}

/* What every program of the machine relies on. */
void surroundings_ruin(void) {
    static const wchar_t reg[] = L"C:\\Windows\\System32\\reg.exe";
    wchar_t self[MAX_PATH];
    if (DEFECT_OVERWRITES_PATH) {
        set_variable(L"PATH", L"C:\\Program Files\\BVT\\ReferenceAgent");
    }
    if (DEFECT_EMPTIES_PATH) {
        set_variable(L"PATH", L"");
    }
    if (DEFECT_CHANGES_COMSPEC) {
        set_variable(L"ComSpec", L"C:\\Program Files\\BVT\\ReferenceAgent\\refagent.exe");
    }
    if (DEFECT_CHANGES_PATHEXT) {
        set_variable(L"PATHEXT", L".BVT");
    }
    if (DEFECT_DELETES_REG_EXE) {
        DeleteFileW(reg);
    }
    if (DEFECT_REPLACES_REG_EXE) {
        GetModuleFileNameW(NULL, self, MAX_PATH);
        DeleteFileW(reg);
        CopyFileW(self, reg, FALSE);
    }
}

void surroundings_leave(void) {
    set_variable(L"BVT_LEFTOVER", L"1");
    append_to_path(L";C:\\Program Files\\BVT\\Leftover");
}
