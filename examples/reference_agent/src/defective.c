#include "defective.h"

#include <stdio.h>

#include <windows.h>

#include "product.h"
#include "run.h"
#include "settings.h"

enum { CRASH_AFTER_MS = 3000 };

static void write_file(const wchar_t *path) {
    DWORD written;
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    if (file != INVALID_HANDLE_VALUE) {
        WriteFile(file, "left behind\r\n", 13, &written, NULL);
        CloseHandle(file);
    }
}

static DWORD WINAPI crash(void *parameter) {
    Sleep(CRASH_AFTER_MS);
    *(volatile int *)parameter = 1;
    return 0;
}

/* A child of ours that outlives the service and the product. */
static void leave_process(void) {
    wchar_t path[MAX_PATH], line[MAX_PATH + 16];
    GetModuleFileNameW(NULL, path, MAX_PATH);
    swprintf(line, MAX_PATH + 16, L"\"%ls\" --linger", path);
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process;
    if (CreateProcessW(NULL, line, NULL, NULL, FALSE, CREATE_NO_WINDOW, NULL, NULL, &startup, &process)) {
        CloseHandle(process.hThread);
        CloseHandle(process.hProcess);
    }
}

void defective_start(void) {
    if (DEFECT_CRASHES_AFTER_INSTALL) {
        CloseHandle(CreateThread(NULL, 0, crash, NULL, 0, NULL));
    }
    if (DEFECT_LEAVES_PROCESS) {
        leave_process();
    }
    if (DEFECT_CUTS_NETWORK) {
        run_system_program(L"netsh.exe", L"advfirewall set allprofiles firewallpolicy blockinboundalways,blockoutbound");
    }
}

static void tamper_with_sentinel_files(void) {
    WIN32_FIND_DATAW entry;
    wchar_t path[MAX_PATH * 2];
    HANDLE find = FindFirstFileW(L"C:\\bvt-sentinel\\*", &entry);
    if (find == INVALID_HANDLE_VALUE) {
        return;
    }
    do {
        swprintf(path, MAX_PATH * 2, L"C:\\bvt-sentinel\\%ls", entry.cFileName);
        DeleteFileW(path);
    } while (FindNextFileW(find, &entry));
    FindClose(find);
}

int defective_purge(void) {
    if (DEFECT_LEAVES_FILE) {
        wchar_t path[MAX_PATH];
        make_data_directories();
        data_path(path, L"leftover.dat");
        write_file(path);
    }
    if (DEFECT_LEAVES_REGISTRY) {
        RegSetKeyValueW(HKEY_LOCAL_MACHINE, SETTINGS_KEY, L"Leftover", REG_SZ, L"1", 4);
    }
    if (DEFECT_LEAVES_TASK) {
        CreateDirectoryW(L"C:\\Windows\\System32\\Tasks", NULL);
        write_file(L"C:\\Windows\\System32\\Tasks\\BvtRefAgentLeftover");
    }
    if (DEFECT_TAMPERS_SENTINEL) {
        tamper_with_sentinel_files();
    }
    return DEFECT_UNINSTALL_FAILS ? 1 : 0;
}
