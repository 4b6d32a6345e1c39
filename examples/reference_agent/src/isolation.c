#include "isolation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "logger.h"
#include "product.h"
#include "run.h"
#include "status.h"

#define FIREWALL_KEY L"SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\"
#define RULE_NAME L"\"BVT Reference Agent isolation\""
#define MARKER L"IsolationUndo" /* what the outbound default of each profile was: "0 0 0" */

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
static bool all_block(void) {
    return outbound_default(0) == 1 && outbound_default(1) == 1 && outbound_default(2) == 1;
}

static bool engage(const struct settings *settings) {
    char before[32];
    wchar_t arguments[512];
    if (!runtime_read(MARKER, before, sizeof before)) { /* a crash between must not overwrite the true state */
        snprintf(before, sizeof before, "%lu %lu %lu", outbound_default(0), outbound_default(1), outbound_default(2));
        runtime_write(MARKER, before);
    }
    swprintf(arguments, 512,
             L"advfirewall firewall add rule name=" RULE_NAME
             L" dir=out action=allow protocol=TCP remoteip=%ls remoteport=%u",
             settings->host, settings->port);
    if (!run_system_program(L"netsh.exe", arguments)) {
        return false; /* blocking without the way to the backend would lock the host away for good */
    }
    for (int i = 0; i < PROFILES; i++) {
        set_outbound_default(i, 1);
    }
    return all_block();
}

static bool release(void) {
    char before[32];
    DWORD action[PROFILES] = {0};
    bool good = true;
    if (runtime_read(MARKER, before, sizeof before)) {
        sscanf(before, "%lu %lu %lu", &action[0], &action[1], &action[2]);
    }
    for (int i = 0; i < PROFILES; i++) {
        if (outbound_default(i) != action[i]) {
            set_outbound_default(i, action[i]);
            good &= outbound_default(i) == action[i];
        }
    }
    run_system_program(L"netsh.exe", L"advfirewall firewall delete rule name=" RULE_NAME);
    runtime_remove(MARKER);
    return good;
}

static bool engaged(void) {
    char before[32];
    return runtime_read(MARKER, before, sizeof before);
}

void isolation_set(bool wanted, const struct settings *settings) {
    if (wanted == engaged() || (wanted && DEFECT_NO_ISOLATION) || (!wanted && DEFECT_NO_RELEASE)) {
        return;
    }
    /* A release on a system that never enforced anything restores nothing, so it is not enforced either. */
    bool was_enforced = all_block();
    bool good = wanted ? engage(settings) : release() && was_enforced;
    status_isolation(wanted, wanted && good);
    log_info("isolation %s enforced=%s", wanted ? "engaged" : "released", good ? "yes" : "no");
}

void isolation_undo(void) {
    if (engaged()) {
        release();
    }
}
