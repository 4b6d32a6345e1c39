#include "unheeded.h"

#include <wchar.h>

#include <windows.h>

#define SERVICES L"SYSTEM\\CurrentControlSet\\Services\\"
#define PROXIED SERVICES L"PortProxy\\v4tov4\\tcp"
#define ROUTES SERVICES L"Tcpip\\Parameters\\PersistentRoutes"
#define ROUTE L"0.0.0.0,0.0.0.0,198.51.100.1,1"
#define OWN_ROUTE L"192.0.2.0,255.255.255.0,198.51.100.1,1"
#define CLASS L"Software\\Classes\\CLSID\\{5D8A9F6E-0C5B-4F0B-9B0C-7E4B1C2D3A41}"
#define CACHE L"Software\\Classes\\BvtCache"
#define SOURCE SERVICES L"EventLog\\Application\\BvtWorker"
#define PROGRAMS L"C:\\Program Files\\BVT\\ReferenceAgent\\"
#define BIN L"C:\\$Recycle.Bin"

enum { EVERY_MS = 1000, VALUES = 40 };

static void set_text(const wchar_t *key, const wchar_t *name, const wchar_t *text) {
    RegSetKeyValueW(HKEY_LOCAL_MACHINE, key, name, REG_SZ, text, (DWORD)((wcslen(text) + 1) * sizeof *text));
}

void unheeded_start(void) {
    if (DEFECT_NAMES_A_DEAD_MESSAGE_FILE) {
        set_text(SOURCE, L"EventMessageFile", PROGRAMS L"messages.dll");
    }
    if (DEFECT_NAMES_A_DEAD_CLASS) {
        set_text(CLASS L"\\InprocServer32", NULL, PROGRAMS L"shell.dll");
    }
    if (TRAIT_REGISTERS_ITS_MESSAGES) {
        set_text(SOURCE, L"EventMessageFile", PROGRAMS L"refagent.exe");
        set_text(SOURCE, L"HelpFile", PROGRAMS L"help.dll");
        set_text(ROUTES, OWN_ROUTE, L"");
    }
    if (DEFECT_FORWARDS_A_PORT) {
        set_text(PROXIED, L"0.0.0.0/8443", L"198.51.100.1/443");
    }
    if (DEFECT_ROUTES_EVERYTHING) {
        set_text(ROUTES, ROUTE, L"");
    }
}

void unheeded_polled(void) {
    static unsigned long long due, made;
    unsigned long long now = GetTickCount64();
    for (int i = 0; DEFECT_FILLS_THE_CLASSES && now >= due && i < VALUES; i++) {
        wchar_t name[32];
        swprintf(name, 32, L"item-%llu", ++made);
        set_text(CACHE, name, L"cached");
    }
    due = now >= due ? now + EVERY_MS : due;
}

/* The key goes with its last value: every Windows has it, and Wine does not. */
static void remove_route(const wchar_t *route) {
    HKEY key;
    DWORD values = 1;
    RegDeleteKeyValueW(HKEY_LOCAL_MACHINE, ROUTES, route);
    if (RegOpenKeyExW(HKEY_LOCAL_MACHINE, ROUTES, 0, KEY_READ, &key) == ERROR_SUCCESS) {
        RegQueryInfoKeyW(key, NULL, NULL, NULL, NULL, NULL, NULL, &values, NULL, NULL, NULL, NULL);
        RegCloseKey(key);
    }
    if (!values) {
        RegDeleteKeyW(HKEY_LOCAL_MACHINE, ROUTES);
    }
}

void unheeded_purge(void) {
    RegDeleteTreeW(HKEY_LOCAL_MACHINE, CACHE);
    if (DEFECT_NAMES_A_DEAD_MESSAGE_FILE || TRAIT_REGISTERS_ITS_MESSAGES) {
        RegDeleteTreeW(HKEY_LOCAL_MACHINE, SOURCE);
    }
    if (DEFECT_NAMES_A_DEAD_CLASS) {
        RegDeleteTreeW(HKEY_LOCAL_MACHINE, CLASS);
    }
    if (DEFECT_FORWARDS_A_PORT) {
        RegDeleteTreeW(HKEY_LOCAL_MACHINE, SERVICES L"PortProxy");
    }
    if (DEFECT_ROUTES_EVERYTHING) {
        remove_route(ROUTE);
    }
    if (TRAIT_REGISTERS_ITS_MESSAGES) {
        remove_route(OWN_ROUTE);
    }
    if (DEFECT_LEAVES_IN_THE_BIN) {
        CreateDirectoryW(BIN, NULL);
        CreateDirectoryW(BIN L"\\S-1-5-18", NULL);
        CopyFileW(L"C:\\Windows\\System32\\hostname.exe", BIN L"\\S-1-5-18\\$RA4711B.exe", FALSE);
        CopyFileW(L"C:\\Windows\\System32\\hostname.exe", L"C:\\Windows\\Installer\\bvt47.tmp", FALSE);
    }
}
