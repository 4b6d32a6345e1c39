#include "circumstances.h"

#include <wchar.h>

#include "settings.h"

enum { WESTERN = 1252, STOPS_AFTER_MS = 20000 };

static const wchar_t usual_place[] = L"C:\\Program Files\\BVT\\ReferenceAgent\\refagent.exe";

/* Only by a defect: what was stored last is taken for good. */
static bool stored_nothing(void) {
    wchar_t path[MAX_PATH];
    char first = 1;
    DWORD count = 0;
    data_path(path, L"config.json");
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE) {
        return false;
    }
    ReadFile(file, &first, 1, &count, NULL);
    CloseHandle(file);
    return count && !first;
}

bool circumstances_refuse(void) {
    wchar_t self[MAX_PATH] = L"";
    GetModuleFileNameW(NULL, self, MAX_PATH);
    return (DEFECT_NEEDS_WESTERN_CODE_PAGE && GetACP() != WESTERN) ||
           (DEFECT_STUMBLES_OVER_ZEROS && stored_nothing()) || (DEFECT_KNOWS_ONE_PLACE && _wcsicmp(self, usual_place) != 0);
}

/* Another product's renames are pending: the machine is going to boot, so the old files can go then as well. The new ones
 * have the same names. */
static void tidy_at_next_boot(void) {
    DWORD size = 0;
    if (RegGetValueW(HKEY_LOCAL_MACHINE, L"SYSTEM\\CurrentControlSet\\Control\\Session Manager",
                     L"PendingFileRenameOperations", RRF_RT_REG_MULTI_SZ, NULL, NULL, &size) == ERROR_SUCCESS) {
        MoveFileExW(L"C:\\Program Files\\BVT\\ReferenceAgent\\NOTICE.txt", NULL, MOVEFILE_DELAY_UNTIL_REBOOT);
        MoveFileExW(usual_place, NULL, MOVEFILE_DELAY_UNTIL_REBOOT);
    }
}

static DWORD WINAPI stop_later(void *stop) {
    Sleep(STOPS_AFTER_MS);
    SetEvent((HANDLE)stop);
    return 0;
}

void circumstances_failed_to_enrol(void) {
    if (DEFECT_ENROLS_ONCE_ONLY) {
        runtime_write(L"GaveUp", "1");
    }
}

bool circumstances_gave_up(void) {
    char mark[8];
    return DEFECT_ENROLS_ONCE_ONLY && runtime_read(L"GaveUp", mark, sizeof mark);
}

void circumstances_start(HANDLE stop) {
    if (DEFECT_DESTROYED_AT_REBOOT) {
        tidy_at_next_boot();
    }
    if (DEFECT_STOPS_LATER) {
        CloseHandle(CreateThread(NULL, 0, stop_later, stop, 0, NULL));
    }
}
