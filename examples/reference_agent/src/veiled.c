#include "veiled.h"

#include <stdbool.h>
#include <wchar.h>

#include <windows.h>

#include "furtive.h"
#include "product.h"

#define SOFTWARE L"Software\\Microsoft\\"
#define NARROW L"Software\\WOW6432Node\\Microsoft\\"
#define SYSTEM L"SYSTEM\\CurrentControlSet\\"
#define ENVIRONMENT SYSTEM L"Control\\Session Manager\\Environment"
#define OWN_FOLDER L"C:\\Program Files\\BVT\\ReferenceAgent"
#define KEPT L"Software\\BvtKept" /* values as they were before; the product's own key is gone by then */

enum { TEXT_SIZE = 4096, LATER_CONFIGURATION = 3 };

struct setting {
    bool made;
    bool in_use; /* not before a later configuration */
    HKEY root;
    const wchar_t *key;
    const wchar_t *name;
    const wchar_t *text; /* NULL: a number */
    DWORD number;
};

static const struct setting settings[] = {
    {DEFECT_EXCLUDES_EVERYTHING, false, HKEY_LOCAL_MACHINE, SOFTWARE L"Windows Defender\\Exclusions\\Paths", L"C:\\", NULL, 0},
    {DEFECT_TURNS_FIREWALL_OFF, false, HKEY_LOCAL_MACHINE,
     SYSTEM L"Services\\SharedAccess\\Parameters\\FirewallPolicy\\StandardProfile", L"EnableFirewall", NULL, 0},
    {DEFECT_TURNS_OFF_CONSENT, false, HKEY_LOCAL_MACHINE, SOFTWARE L"Windows\\CurrentVersion\\Policies\\System", L"EnableLUA",
     NULL, 0},
    {DEFECT_KEEPS_PASSWORDS_PLAIN, false, HKEY_LOCAL_MACHINE, SYSTEM L"Control\\SecurityProviders\\WDigest",
     L"UseLogonCredential", NULL, 1},
    {DEFECT_RUNS_IN_EACH_SHELL, false, HKEY_LOCAL_MACHINE, SOFTWARE L"Command Processor", L"AutoRun", L"rem bvt", 0},
    {DEFECT_LOADS_EVERYWHERE, false, HKEY_LOCAL_MACHINE, NARROW L"Windows NT\\CurrentVersion\\Windows", L"AppInit_DLLs",
     L"C:\\bvthook.dll", 0},
    {DEFECT_ALLOWS_OLD_TLS, false, HKEY_LOCAL_MACHINE,
     SYSTEM L"Control\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.0\\Client", L"Enabled", NULL, 1},
    {DEFECT_REDIRECTS_NAMES, false, HKEY_LOCAL_MACHINE, SYSTEM L"Services\\Tcpip\\Parameters", L"NameServer", L"127.0.0.1", 0},
    {DEFECT_ALLOWS_ANY_SCRIPT, false, HKEY_LOCAL_MACHINE, SOFTWARE L"PowerShell\\1\\ShellIds\\Microsoft.PowerShell",
     L"ExecutionPolicy", L"Unrestricted", 0},
    {DEFECT_TRUSTS_A_PUBLISHER, false, HKEY_LOCAL_MACHINE,
     SOFTWARE L"SystemCertificates\\TrustedPublisher\\Certificates\\00112233445566778899AABBCCDDEEFF00112233", L"Blob",
     L"a certificate", 0},
    {DEFECT_OPENS_REMOTE_DESKTOP, false, HKEY_LOCAL_MACHINE, SYSTEM L"Control\\Terminal Server", L"fDenyTSConnections", NULL, 0},
    {DEFECT_PROXY_OF_THE_SYSTEM, false, HKEY_USERS, L".DEFAULT\\" SOFTWARE L"Windows\\CurrentVersion\\Internet Settings",
     L"ProxyServer", L"127.0.0.1:8080", 0},
    {DEFECT_WATCHES_EXITS, false, HKEY_LOCAL_MACHINE, SOFTWARE L"Windows NT\\CurrentVersion\\SilentProcessExit\\notepad.exe",
     L"MonitorProcess", OWN_FOLDER L"\\refagent.exe", 0},
    {DEFECT_PROFILES_EVERYTHING, false, HKEY_LOCAL_MACHINE, ENVIRONMENT, L"COR_ENABLE_PROFILING", L"1", 0},
    {DEFECT_PROFILES_EVERYTHING, false, HKEY_LOCAL_MACHINE, ENVIRONMENT, L"COR_PROFILER",
     L"{6D1B2C55-7B0E-4D61-9F0B-0C5B5E2F7A11}", 0},
    {TRAIT_KEEPS_TO_ITSELF, false, HKEY_LOCAL_MACHINE, SOFTWARE L"Windows Defender\\Exclusions\\Paths", OWN_FOLDER, NULL, 0},
    {TRAIT_KEEPS_TO_ITSELF, false, HKEY_LOCAL_MACHINE, SOFTWARE L"Windows Defender\\Exclusions\\Processes", L"refagent.exe", NULL, 0},
    {TRAIT_KEEPS_TO_ITSELF, false, HKEY_LOCAL_MACHINE, SOFTWARE L"Windows\\Windows Error Reporting\\LocalDumps\\refagent.exe",
     L"DumpType", NULL, 1},
    {TRAIT_KEEPS_TO_ITSELF, false, HKEY_LOCAL_MACHINE,
     SOFTWARE L"Windows NT\\CurrentVersion\\Image File Execution Options\\refagent.exe", L"GlobalFlag", NULL, 0},
    {TRAIT_KEEPS_TO_ITSELF, false, HKEY_LOCAL_MACHINE, ENVIRONMENT, L"BVT_AGENT_HOME", OWN_FOLDER, 0},
    {TRAIT_KEEPS_TO_ITSELF, true, HKEY_LOCAL_MACHINE, SOFTWARE L"SystemCertificates\\MY\\Certificates\\00112233", L"Blob",
     L"a certificate", 0},
    {DEFECT_TRUSTS_IN_USE, true, HKEY_LOCAL_MACHINE,
     SOFTWARE L"SystemCertificates\\ROOT\\Certificates\\00112233445566778899AABBCCDDEEFF00112233", L"Blob", L"a certificate", 0},
    {DEFECT_DISABLES_IN_USE, true, HKEY_LOCAL_MACHINE, SYSTEM L"Services\\Winmgmt", L"Start", NULL, 4},
    {DEFECT_RUINS_PATH_IN_USE, true, HKEY_LOCAL_MACHINE, ENVIRONMENT, L"PATH", OWN_FOLDER, 0},
    {DEFECT_DAMAGES_ITS_SETTINGS, true, HKEY_LOCAL_MACHINE, SETTINGS_KEY, L"Version", L"", 0},
};

enum { SETTINGS = sizeof settings / sizeof *settings };

static void write_text(const wchar_t *path, const char *text) {
    DWORD written;
    HANDLE file = CreateFileW(path, FILE_APPEND_DATA, FILE_SHARE_READ, NULL, OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    if (file != INVALID_HANDLE_VALUE) {
        WriteFile(file, text, (DWORD)strlen(text), &written, NULL);
        CloseHandle(file);
    }
}

/* What was there is kept under the setting's number, once. */
static void make(int number) {
    const struct setting *each = &settings[number];
    wchar_t name[8];
    BYTE old[TEXT_SIZE];
    DWORD size = sizeof old, type = 0;
    swprintf(name, 8, L"%d", number);
    if (RegGetValueW(HKEY_LOCAL_MACHINE, KEPT, name, RRF_RT_ANY, NULL, NULL, NULL)) {
        bool there = !RegGetValueW(each->root, each->key, each->name, RRF_RT_ANY | RRF_NOEXPAND, &type, old, &size);
        RegSetKeyValueW(HKEY_LOCAL_MACHINE, KEPT, name, there ? type : REG_NONE, old, there ? size : 0);
    }
    if (each->text) {
        type = type ? type : REG_SZ;
        RegSetKeyValueW(each->root, each->key, each->name, type, each->text, (DWORD)((wcslen(each->text) + 1) * sizeof *each->text));
    } else {
        RegSetKeyValueW(each->root, each->key, each->name, REG_DWORD, &each->number, sizeof each->number);
    }
}

static bool is_empty(HKEY root, const wchar_t *key) {
    HKEY opened;
    DWORD keys = 1, values = 1;
    if (RegOpenKeyExW(root, key, 0, KEY_READ, &opened) != ERROR_SUCCESS) {
        return false;
    }
    RegQueryInfoKeyW(opened, NULL, NULL, NULL, &keys, NULL, NULL, &values, NULL, NULL, NULL, NULL);
    RegCloseKey(opened);
    return !keys && !values;
}

static void undo(int number) {
    const struct setting *each = &settings[number];
    wchar_t name[8], path[MAX_PATH];
    BYTE old[TEXT_SIZE];
    DWORD size = sizeof old, type = 0;
    swprintf(name, 8, L"%d", number);
    if (!RegGetValueW(HKEY_LOCAL_MACHINE, KEPT, name, RRF_RT_ANY | RRF_NOEXPAND, &type, old, &size) && type != REG_NONE) {
        RegSetKeyValueW(each->root, each->key, each->name, type, old, size);
        return;
    }
    RegDeleteKeyValueW(each->root, each->key, each->name);
    wcscpy(path, each->key);
    while (is_empty(each->root, path) && RegDeleteKeyW(each->root, path) == ERROR_SUCCESS && wcsrchr(path, L'\\')) {
        *wcsrchr(path, L'\\') = L'\0';
    }
}

static void path_text(wchar_t *value) {
    DWORD size = (TEXT_SIZE - 2 * MAX_PATH) * sizeof *value;
    *value = L'\0';
    RegGetValueW(HKEY_LOCAL_MACHINE, ENVIRONMENT, L"PATH", RRF_RT_REG_SZ | RRF_RT_REG_EXPAND_SZ | RRF_NOEXPAND, NULL, value, &size);
}

static void set_path(const wchar_t *value) {
    RegSetKeyValueW(HKEY_LOCAL_MACHINE, ENVIRONMENT, L"PATH", REG_EXPAND_SZ, value, (DWORD)((wcslen(value) + 1) * sizeof *value));
}

static bool has_entry(void) {
    wchar_t value[TEXT_SIZE];
    path_text(value);
    return wcsstr(value, L";" OWN_FOLDER);
}

static void lengthen_path(void) {
    wchar_t value[TEXT_SIZE];
    path_text(value);
    wcscat(value, L";" OWN_FOLDER);
    set_path(value);
}

static void shorten_path(void) {
    wchar_t value[TEXT_SIZE];
    path_text(value);
    for (wchar_t *at; (at = wcsstr(value, L";" OWN_FOLDER));) {
        size_t length = wcslen(L";" OWN_FOLDER);
        memmove(at, at + length, (wcslen(at + length) + 1) * sizeof *at);
    }
    set_path(value);
}

static const wchar_t policy_file[] = L"C:\\Windows\\System32\\GroupPolicy\\Machine\\Registry.pol";
static const wchar_t shell_profile[] = L"C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\profile.ps1";
static const wchar_t hosts_before[] = L"C:\\Users\\Public\\bvt-hosts.was";
static const wchar_t hosts[] = L"C:\\Windows\\System32\\drivers\\etc\\hosts";

void veiled_start(void) {
    for (int i = 0; i < SETTINGS; i++) {
        if (settings[i].made && !settings[i].in_use) {
            make(i);
        }
    }
    if (DEFECT_PATH_GROWS || (TRAIT_KEEPS_TO_ITSELF && !has_entry())) {
        lengthen_path();
    }
    if (DEFECT_WRITES_POLICY_FILE) {
        CreateDirectoryW(L"C:\\Windows\\System32\\GroupPolicy", NULL);
        CreateDirectoryW(L"C:\\Windows\\System32\\GroupPolicy\\Machine", NULL);
        write_text(policy_file, "PReg");
    }
    if (DEFECT_WRITES_SHELL_PROFILE) {
        write_text(shell_profile, "# bvt\r\n");
    }
}

void veiled_reconfigured(void) {
    static int times;
    if (++times != LATER_CONFIGURATION) {
        return;
    }
    furtive_reconfigured();
    for (int i = 0; i < SETTINGS; i++) {
        if (settings[i].made && settings[i].in_use) {
            make(i);
        }
    }
    if (DEFECT_HOSTS_IN_USE_ONLY) {
        CopyFileW(hosts, hosts_before, FALSE);
        write_text(hosts, "127.0.0.1 updates.example\r\n");
    }
}

void veiled_purge(void) {
    for (int i = 0; i < SETTINGS; i++) {
        if (settings[i].made) {
            undo(i);
        }
    }
    RegDeleteKeyW(HKEY_LOCAL_MACHINE, KEPT);
    if (DEFECT_PATH_GROWS || TRAIT_KEEPS_TO_ITSELF) {
        shorten_path();
    }
    if (DEFECT_WRITES_POLICY_FILE) {
        DeleteFileW(policy_file);
        RemoveDirectoryW(L"C:\\Windows\\System32\\GroupPolicy\\Machine");
        RemoveDirectoryW(L"C:\\Windows\\System32\\GroupPolicy");
    }
    if (DEFECT_WRITES_SHELL_PROFILE) {
        DeleteFileW(shell_profile);
    }
    if (DEFECT_HOSTS_IN_USE_ONLY && CopyFileW(hosts_before, hosts, FALSE)) {
        DeleteFileW(hosts_before);
    }
}
