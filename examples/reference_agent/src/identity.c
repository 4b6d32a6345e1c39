#include "identity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#include "product.h"
#include "settings.h"
#include "wide.h"

static struct identity self;
static INIT_ONCE once = INIT_ONCE_STATIC_INIT;

/* GetVersionEx answers by manifest; RtlGetVersion tells the truth. */
static void read_version(void) {
    typedef LONG(WINAPI * rtl_get_version)(OSVERSIONINFOW *);
    OSVERSIONINFOW info = {.dwOSVersionInfoSize = sizeof info};
    rtl_get_version get = (rtl_get_version)(void *)GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "RtlGetVersion");
    if (get) {
        get(&info);
    }
    self.os_major = info.dwMajorVersion;
    self.os_minor = info.dwMinorVersion;
    self.os_build = info.dwBuildNumber;
    snprintf(self.os_version, sizeof self.os_version, "%lu.%lu.%lu", self.os_major, self.os_minor, self.os_build);
}

static BOOL CALLBACK read_identity(PINIT_ONCE unused, PVOID parameter, PVOID *context) {
    (void)unused, (void)parameter, (void)context;
    wchar_t name[256];
    DWORD size = 256;
    if (GetComputerNameExW(ComputerNameDnsHostname, name, &size)) {
        char *host = narrow(name);
        snprintf(self.hostname, sizeof self.hostname, "%s", host);
        free(host);
    }
    machine_string(L"SOFTWARE\\Microsoft\\Cryptography", L"MachineGuid", self.uuid, sizeof self.uuid);
    machine_string(L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion", L"ProductName", self.os_name,
                   sizeof self.os_name);
    read_version();
    if (DEFECT_WRONG_IDENTITY) {
        strcpy(self.uuid, "00000000-0000-0000-0000-000000000000");
        strcpy(self.hostname, "some-other-host");
    }
    if (DEFECT_WRONG_HOST_NAME) {
        strcpy(self.hostname, "localhost");
    }
    if (DEFECT_WRONG_SYSTEM) { /* as GetVersionEx answers a program without a manifest */
        strcpy(self.os_version, "6.2.9200");
        self.os_major = 6, self.os_minor = 2, self.os_build = 9200;
    }
    snprintf(self.host_identifier, sizeof self.host_identifier, "%s", self.uuid);
    if (DEFECT_NEW_IDENTITY) {
        snprintf(self.host_identifier, sizeof self.host_identifier, "%.36s-%lu", self.uuid, GetTickCount());
    }
    return TRUE;
}

const struct identity *identity(void) {
    InitOnceExecuteOnce(&once, read_identity, NULL, NULL);
    return &self;
}
