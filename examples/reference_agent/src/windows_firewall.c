#include "windows_firewall.h"

#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

#include "run.h"
#include "settings.h"

#define FIREWALL_KEY L"SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\"
#define UNDO L"IsolationUndo" /* what the outbound default of each profile was: "0 0 0" */
#define RULE_NAME L"\"BVT Reference Agent isolation\""

enum { PROFILES = 3 };

/* The profiles by their names in the registry and for netsh. */
static const struct {
    const wchar_t *key;
    const wchar_t *netsh;
} profiles[PROFILES] = {
    {FIREWALL_KEY L"DomainProfile", L"domainprofile"},
    {FIREWALL_KEY L"StandardProfile", L"privateprofile"},
    {FIREWALL_KEY L"PublicProfile", L"publicprofile"},
};

/* 0 allows, 1 blocks; absent means the system's default, which is to allow. */
static DWORD outbound_default(int profile) {
    DWORD action = 0;
    DWORD size = sizeof action;
    RegGetValueW(HKEY_LOCAL_MACHINE, profiles[profile].key, L"DefaultOutboundAction", RRF_RT_REG_DWORD, NULL, &action,
                 &size);
    return action;
}

static void set_outbound_default(int profile, DWORD action) {
    wchar_t arguments[160];
    swprintf(arguments, 160, L"advfirewall set %ls firewallpolicy blockinbound,%ls", profiles[profile].netsh,
             action ? L"blockoutbound" : L"allowoutbound");
    run_system_program(L"netsh.exe", arguments);
}

/* Believes the stored policy, not netsh's exit code: Wine's netsh does nothing and ends with 0. */
bool windows_firewall_blocks(void) {
    return outbound_default(0) == 1 && outbound_default(1) == 1 && outbound_default(2) == 1;
}

bool windows_firewall_block(const wchar_t *host, unsigned port) {
    char before[32];
    wchar_t arguments[512];
    if (!runtime_read(UNDO, before, sizeof before)) { /* a crash between must not overwrite the true state */
        snprintf(before, sizeof before, "%lu %lu %lu", outbound_default(0), outbound_default(1), outbound_default(2));
        runtime_write(UNDO, before);
    }
    swprintf(arguments, 512,
             L"advfirewall firewall add rule name=" RULE_NAME
             L" dir=out action=allow protocol=TCP remoteip=%ls remoteport=%u",
             host, port);
    if (!run_system_program(L"netsh.exe", arguments)) {
        return false; /* blocking without the way to the backend would lock the host away for good */
    }
    for (int i = 0; i < PROFILES; i++) {
        set_outbound_default(i, 1);
    }
    return windows_firewall_blocks();
}

bool windows_firewall_open(void) {
    char before[32];
    DWORD action[PROFILES] = {0};
    bool good = true;
    if (runtime_read(UNDO, before, sizeof before)) {
        sscanf(before, "%lu %lu %lu", &action[0], &action[1], &action[2]);
    }
    for (int i = 0; i < PROFILES; i++) {
        if (outbound_default(i) != action[i]) {
            set_outbound_default(i, action[i]);
            good &= outbound_default(i) == action[i];
        }
    }
    run_system_program(L"netsh.exe", L"advfirewall firewall delete rule name=" RULE_NAME);
    runtime_remove(UNDO);
    return good;
}
