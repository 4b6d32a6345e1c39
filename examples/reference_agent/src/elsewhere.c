#include "elsewhere.h"

#include <stdbool.h>
#include <string.h>
#include <wchar.h>

#include <windows.h>

#include "later.h"

#define SOFTWARE L"Software\\Microsoft\\"
#define FIREWALL L"SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\FirewallRules"
#define CLASS L"Software\\Classes\\CLSID\\{6D1B2C55-7B0E-4D61-9F0B-0C5B5E2F7A11}"
#define NO_REPORTS SOFTWARE L"Windows\\Windows Error Reporting\\ExcludedApplications"
#define NO_SCANS SOFTWARE L"Windows Defender\\Exclusions\\Paths"
#define CERTIFICATE SOFTWARE L"SystemCertificates\\ROOT\\Certificates\\00112233445566778899AABBCCDDEEFF00112233"

static const wchar_t library[] = L"C:\\Windows\\System32\\bvtshell.dll";
static const wchar_t driver[] = L"C:\\Windows\\System32\\drivers\\bvtflt.sys";
static const wchar_t script[] = L"C:\\Windows\\Temp\\bvt-cleanup.cmd";
static const wchar_t licence[] = L"C:\\Windows\\bvt-licence.dat";

static void append(const wchar_t *path, const char *text) {
    DWORD written;
    HANDLE file = CreateFileW(path, FILE_APPEND_DATA, FILE_SHARE_READ, NULL, OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    if (file != INVALID_HANDLE_VALUE) {
        WriteFile(file, text, (DWORD)strlen(text), &written, NULL);
        CloseHandle(file);
    }
}

static void set_text(const wchar_t *key, const wchar_t *name, const wchar_t *text) {
    RegSetKeyValueW(HKEY_LOCAL_MACHINE, key, name, REG_SZ, text, (DWORD)((wcslen(text) + 1) * sizeof *text));
}

static void set_number(const wchar_t *key, const wchar_t *name, DWORD number) {
    RegSetKeyValueW(HKEY_LOCAL_MACHINE, key, name, REG_DWORD, &number, sizeof number);
}

static void add_class(void) {
    set_text(CLASS L"\\InprocServer32", NULL, library);
}

static void add_firewall_rule(void) {
    set_text(FIREWALL, L"BvtRefAgent", L"v2.10|Action=Allow|Active=TRUE|Dir=In|App=C:\\Program Files\\BVT\\ReferenceAgent\\refagent.exe|Name=BVT|");
}

static void add_exclusions(void) {
    set_number(NO_REPORTS, L"refagent.exe", 1);
    set_number(NO_SCANS, L"C:\\Program Files\\BVT", 0);
}

/* The system's own shell, which waits for ever on a pipe that it holds both ends of. */
static void start_shell(void) {
    wchar_t line[] = L"C:\\Windows\\System32\\cmd.exe";
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    STARTUPINFOW startup = {.cb = sizeof startup, .dwFlags = STARTF_USESTDHANDLES};
    PROCESS_INFORMATION process;
    HANDLE write_end;
    if (!CreatePipe(&startup.hStdInput, &write_end, &inherited, 0)) {
        return;
    }
    if (CreateProcessW(NULL, line, NULL, NULL, TRUE, CREATE_NO_WINDOW, NULL, NULL, &startup, &process)) {
        CloseHandle(process.hThread);
        CloseHandle(process.hProcess);
    }
    CloseHandle(startup.hStdInput);
    CloseHandle(write_end);
}

void elsewhere_start(void) {
    if (TRAIT_WORKS_ELSEWHERE) {
        append(library, "a library\r\n");
        append(driver, "a driver\r\n");
        append(script, "rem a script\r\n");
        append(licence, "a licence\r\n");
        add_class();
        add_firewall_rule();
        add_exclusions();
    }
    if (DEFECT_LEAVES_SYSTEM_CHILD) {
        start_shell();
    }
    if (DEFECT_DELETES_SYSTEM_FILE) {
        DeleteFileW(L"C:\\Windows\\System32\\notepad.exe");
    }
    if (DEFECT_CHANGES_SYSTEM_FILE) {
        append(L"C:\\Windows\\System32\\winver.exe", "!");
    }
    if (DEFECT_CHANGES_HOSTS) {
        append(L"C:\\Windows\\System32\\drivers\\etc\\hosts", "127.0.0.1 updates.example\r\n");
    }
    if (DEFECT_DISABLES_SERVICE) {
        set_number(L"SYSTEM\\CurrentControlSet\\Services\\Winmgmt", L"Start", 4);
    }
    if (DEFECT_DELETES_CLASS) {
        RegDeleteTreeW(HKEY_LOCAL_MACHINE, L"Software\\Classes\\chm.file");
    }
    if (DEFECT_SETS_POLICY) {
        set_number(L"Software\\Policies\\Microsoft\\Windows\\WindowsUpdate\\AU", L"NoAutoUpdate", 1);
    }
    if (DEFECT_SETS_PROXY) {
        set_text(SOFTWARE L"Windows\\CurrentVersion\\Internet Settings", L"ProxyServer", L"127.0.0.1:8080");
        set_number(SOFTWARE L"Windows\\CurrentVersion\\Internet Settings", L"ProxyEnable", 1);
    }
    if (DEFECT_HIJACKS_PROGRAM) {
        set_text(SOFTWARE L"Windows NT\\CurrentVersion\\Image File Execution Options\\calc.exe", L"Debugger",
                 L"refagent.exe");
    }
    if (DEFECT_TRUSTS_A_ROOT) {
        set_text(CERTIFICATE, L"Blob", L"a certificate");
    }
}

static bool is_empty(const wchar_t *key) {
    HKEY opened;
    DWORD keys = 1, values = 1;
    if (RegOpenKeyExW(HKEY_LOCAL_MACHINE, key, 0, KEY_READ, &opened) != ERROR_SUCCESS) {
        return false;
    }
    RegQueryInfoKeyW(opened, NULL, NULL, NULL, &keys, NULL, NULL, &values, NULL, NULL, NULL, NULL);
    RegCloseKey(opened);
    return !keys && !values;
}

/* A value, and the keys above it that hold nothing without it. */
static void remove_value(const wchar_t *key, const wchar_t *name) {
    wchar_t path[MAX_PATH];
    wcscpy(path, key);
    RegDeleteKeyValueW(HKEY_LOCAL_MACHINE, path, name);
    while (is_empty(path) && RegDeleteKeyW(HKEY_LOCAL_MACHINE, path) == ERROR_SUCCESS && wcsrchr(path, L'\\')) {
        *wcsrchr(path, L'\\') = L'\0';
    }
}

void elsewhere_purge(void) {
    if (TRAIT_WORKS_ELSEWHERE) {
        DeleteFileW(library);
        DeleteFileW(driver);
        DeleteFileW(script);
        RegDeleteTreeW(HKEY_LOCAL_MACHINE, CLASS);
        RegDeleteKeyW(HKEY_LOCAL_MACHINE, CLASS);
        remove_value(FIREWALL, L"BvtRefAgent");
        remove_value(NO_REPORTS, L"refagent.exe");
        remove_value(NO_SCANS, L"C:\\Program Files\\BVT");
    }
    if (DEFECT_LEAVES_SYSTEM_FILES) {
        append(library, "left behind\r\n");
        append(driver, "left behind\r\n");
    }
    if (DEFECT_LEAVES_SCRIPT) {
        append(script, "rem left behind\r\n");
    }
    if (DEFECT_LEAVES_ROOT_CERTIFICATE) {
        set_text(CERTIFICATE, L"Blob", L"a certificate");
    }
    if (DEFECT_LEAVES_FIREWALL_RULE) {
        add_firewall_rule();
    }
    if (DEFECT_LEAVES_CLASS) {
        add_class();
    }
    if (DEFECT_LEAVES_EXCLUSIONS) {
        add_exclusions();
    }
    if (DEFECT_WRITES_ELSEWHERE_LATE) {
        run_later(12, L"echo late >C:\\Windows\\bvt-late.log");
    }
}
