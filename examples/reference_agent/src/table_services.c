/* Services and drivers: state from the service control manager, configuration from their registry keys. */
#include <stdio.h>
#include <stdlib.h>

#include <windows.h>

#include "tables.h"
#include "text.h"
#include "wide.h"

static const char *status_name(DWORD state) {
    static const char *const names[] = {"UNKNOWN",          "STOPPED",       "START_PENDING",  "STOP_PENDING", "RUNNING",
                                        "CONTINUE_PENDING", "PAUSE_PENDING", "PAUSED"};
    return state < sizeof names / sizeof *names ? names[state] : names[0];
}

static const char *start_name(DWORD start) {
    static const char *const names[] = {"BOOT_START", "SYSTEM_START", "AUTO_START", "DEMAND_START", "DISABLED"};
    return start < sizeof names / sizeof *names ? names[start] : "UNKNOWN";
}

static const char *type_name(DWORD type) {
    return type & SERVICE_KERNEL_DRIVER          ? "KERNEL_DRIVER"
           : type & SERVICE_FILE_SYSTEM_DRIVER   ? "FILE_SYSTEM_DRIVER"
           : type & SERVICE_WIN32_SHARE_PROCESS  ? "SHARE_PROCESS"
                                                 : "OWN_PROCESS";
}

static char *key_string(HKEY key, const wchar_t *name) {
    wchar_t data[1024];
    DWORD size = sizeof data;
    DWORD flags = RRF_RT_REG_SZ | RRF_RT_REG_EXPAND_SZ | RRF_NOEXPAND;
    return RegGetValueW(key, NULL, name, flags, NULL, data, &size) == ERROR_SUCCESS ? narrow(data) : duplicate("");
}

static void add_service(struct sink *sink, HKEY services, const ENUM_SERVICE_STATUS_PROCESSW *entry) {
    HKEY key = NULL;
    DWORD start = 99;
    DWORD size = sizeof start;
    char pid[16];
    RegOpenKeyExW(services, entry->lpServiceName, 0, KEY_READ, &key);
    RegGetValueW(key, NULL, L"Start", RRF_RT_REG_DWORD, NULL, &start, &size);
    char *name = narrow(entry->lpServiceName);
    char *display = narrow(entry->lpDisplayName ? entry->lpDisplayName : L"");
    char *path = key_string(key, L"ImagePath");
    char *account = key_string(key, L"ObjectName");
    const SERVICE_STATUS_PROCESS *status = &entry->ServiceStatusProcess;
    snprintf(pid, sizeof pid, "%lu", status->dwProcessId);
    table_row(sink, (const char *[]){name, display, type_name(status->dwServiceType),
                                     status_name(status->dwCurrentState), pid, start_name(start), path, account});
    free(name);
    free(display);
    free(path);
    free(account);
    if (key) {
        RegCloseKey(key);
    }
}

static BYTE *read_services(SC_HANDLE manager, DWORD *count) {
    DWORD needed = 32 * 1024;
    BYTE *buffer = NULL;
    for (int tries = 0; tries < 4; tries++) {
        DWORD size = needed;
        DWORD resume = 0;
        buffer = reallocate(buffer, size);
        if (EnumServicesStatusExW(manager, SC_ENUM_PROCESS_INFO, SERVICE_WIN32 | SERVICE_DRIVER, SERVICE_STATE_ALL,
                                  buffer, size, &needed, count, &resume, NULL)) {
            return buffer;
        }
        if (GetLastError() != ERROR_MORE_DATA) {
            break;
        }
        needed += size;
    }
    free(buffer);
    return NULL;
}

bool services_table(struct sink *sink) {
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ENUMERATE_SERVICE);
    HKEY services = NULL;
    DWORD count = 0;
    BYTE *buffer = manager ? read_services(manager, &count) : NULL;
    RegOpenKeyExW(HKEY_LOCAL_MACHINE, L"SYSTEM\\CurrentControlSet\\Services", 0, KEY_READ, &services);
    for (DWORD i = 0; buffer && services && i < count; i++) {
        add_service(sink, services, &((ENUM_SERVICE_STATUS_PROCESSW *)buffer)[i]);
    }
    bool good = buffer && services;
    free(buffer);
    if (services) {
        RegCloseKey(services);
    }
    if (manager) {
        CloseServiceHandle(manager);
    }
    return good;
}
