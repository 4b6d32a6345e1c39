#include "sly.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#include <tlhelp32.h>
#include <wincrypt.h>

#include "furtive.h"
#include "later.h"
#include "logger.h"
#include "product.h"
#include "settings.h"

#define CONTROL L"SYSTEM\\CurrentControlSet\\Control\\"
#define SERVICES L"SYSTEM\\CurrentControlSet\\Services\\"
#define ENVIRONMENT CONTROL L"Session Manager\\Environment"
#define DISKS CONTROL L"Class\\{4D36E967-E325-11CE-BFC1-08002BE10318}"
#define TEXT_SIZE 4096

enum { FILES = 40, HANDLES = 100, CHILD_RUNS_S = 600, CHILD_EVERY_MS = 3000, CRASHES_EVERY_MS = 2000, CRASHES = 3600, LATER_CONFIGURATION = 3, LIES_MS = 1500 };

static bool deaf;

static void write_text(const wchar_t *path, const char *text, DWORD how) {
    DWORD written;
    HANDLE file = CreateFileW(path, FILE_APPEND_DATA, FILE_SHARE_READ, NULL, how, FILE_ATTRIBUTE_NORMAL, NULL);
    if (file != INVALID_HANDLE_VALUE) {
        WriteFile(file, text, (DWORD)strlen(text), &written, NULL);
        CloseHandle(file);
    }
}

static void set_value(const wchar_t *key, const wchar_t *name, DWORD type, const wchar_t *text) {
    RegSetKeyValueW(HKEY_LOCAL_MACHINE, key, name, type, text, (DWORD)((wcslen(text) + 1) * sizeof *text));
}

static void set_number(const wchar_t *key, const wchar_t *name, DWORD number) {
    RegSetKeyValueW(HKEY_LOCAL_MACHINE, key, name, REG_DWORD, &number, sizeof number);
}

static bool read_path(wchar_t *path) {
    DWORD size = TEXT_SIZE * sizeof *path;
    return !RegGetValueW(HKEY_LOCAL_MACHINE, ENVIRONMENT, L"PATH", RRF_RT_REG_SZ | RRF_RT_REG_EXPAND_SZ | RRF_NOEXPAND, NULL,
                         path, &size);
}

/* One more string at the end of a list of them. */
static void add_string(const wchar_t *key, const wchar_t *name, const wchar_t *text) {
    wchar_t list[TEXT_SIZE] = L"";
    DWORD size = sizeof list - 2 * MAX_PATH;
    size_t at = 0;
    if (!RegGetValueW(HKEY_LOCAL_MACHINE, key, name, RRF_RT_REG_MULTI_SZ, NULL, list, &size)) {
        while (list[at]) {
            at += wcslen(list + at) + 1;
        }
    }
    wcscpy(list + at, text);
    at += wcslen(text) + 1;
    list[at++] = L'\0';
    RegSetKeyValueW(HKEY_LOCAL_MACHINE, key, name, REG_MULTI_SZ, list, (DWORD)(at * sizeof *list));
}

static void add_host(void) {
    write_text(L"C:\\Windows\\System32\\drivers\\etc\\hosts", "127.0.0.1 telemetry.example\r\n", OPEN_ALWAYS);
}

static void shuffle_path(void) {
    wchar_t path[TEXT_SIZE], shuffled[TEXT_SIZE];
    wchar_t *rest = read_path(path) ? wcschr(path, L';') : NULL;
    if (rest) {
        *rest = L'\0';
        swprintf(shuffled, TEXT_SIZE, L"%ls;%ls", rest + 1, path);
        set_value(ENVIRONMENT, L"PATH", REG_EXPAND_SZ, shuffled);
    }
}

static void stop_service(const wchar_t *name) {
    SERVICE_STATUS status;
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    SC_HANDLE service = manager ? OpenServiceW(manager, name, SERVICE_STOP) : NULL;
    if (service) {
        ControlService(service, SERVICE_CONTROL_STOP, &status);
        CloseServiceHandle(service);
    }
    if (manager) {
        CloseServiceHandle(manager);
    }
}

static void end_processes(const wchar_t *name) {
    PROCESSENTRY32W entry = {.dwSize = sizeof entry};
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    for (BOOL more = Process32FirstW(snapshot, &entry); more; more = Process32NextW(snapshot, &entry)) {
        HANDLE process = _wcsicmp(entry.szExeFile, name) ? NULL : OpenProcess(PROCESS_TERMINATE, FALSE, entry.th32ProcessID);
        if (process) {
            TerminateProcess(process, 1);
            CloseHandle(process);
        }
    }
    CloseHandle(snapshot);
}

static void start_on_demand(void) {
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    SC_HANDLE service = manager ? OpenServiceW(manager, SERVICE_NAME, SERVICE_CHANGE_CONFIG) : NULL;
    if (service) {
        ChangeServiceConfigW(service, SERVICE_NO_CHANGE, SERVICE_DEMAND_START, SERVICE_NO_CHANGE, NULL, NULL, NULL, NULL,
                             NULL, NULL, NULL);
        CloseServiceHandle(service);
    }
    if (manager) {
        CloseServiceHandle(manager);
    }
}

/* As an update does that the agent makes by itself: the running program is renamed, another one takes its place. */
static void replace_itself(void) {
    wchar_t self[MAX_PATH], old[MAX_PATH];
    GetModuleFileNameW(NULL, self, MAX_PATH);
    data_path(old, L"refagent.old");
    MoveFileExW(self, old, MOVEFILE_REPLACE_EXISTING | MOVEFILE_COPY_ALLOWED);
    CopyFileW(L"C:\\Windows\\System32\\hostname.exe", self, FALSE);
}

/* Its own program once more, which reads where nothing is. */
static DWORD WINAPI crash_workers(void *unused) {
    (void)unused;
    for (int i = 0; i < CRASHES; i++) {
        wchar_t line[MAX_PATH], self[MAX_PATH];
        STARTUPINFOW startup = {.cb = sizeof startup};
        PROCESS_INFORMATION process;
        GetModuleFileNameW(NULL, self, MAX_PATH);
        swprintf(line, MAX_PATH, L"\"%ls\" --work", self);
        if (CreateProcessW(NULL, line, NULL, NULL, FALSE, CREATE_NO_WINDOW, NULL, NULL, &startup, &process)) {
            WaitForSingleObject(process.hProcess, INFINITE);
            CloseHandle(process.hThread);
            CloseHandle(process.hProcess);
        }
        Sleep(CRASHES_EVERY_MS);
    }
    return 0;
}

void sly_work(void) {
    if (DEFECT_WORKER_CRASHES) {
        *(volatile int *)NULL = 0;
    }
}

static DWORD WINAPI lie_for_a_moment(void *text) {
    static const wchar_t path[] = L"C:\\Windows\\Temp\\bvt-exchange.tmp";
    write_text(path, text, CREATE_ALWAYS);
    Sleep(LIES_MS);
    DeleteFileW(path);
    free(text);
    return 0;
}

void sly_start(void) {
    wchar_t path[TEXT_SIZE];
    char mark[8];
    deaf = (DEFECT_DEAF_AFTER_RESTART || DEFECT_DEAF_AFTER_BOOT) && runtime_read(L"Sensor", mark, sizeof mark);
    if (DEFECT_DEAF_AFTER_BOOT) { /* the first start in use is the one at the next boot; a later one finds no mark */
        RegDeleteKeyValueW(HKEY_LOCAL_MACHINE, RUNTIME_KEY, L"Sensor");
    }
    if (DEFECT_PATH_BECOMES_PLAIN && read_path(path)) {
        set_value(ENVIRONMENT, L"PATH", REG_SZ, path);
    }
    if (DEFECT_ADDS_SECURITY_PACKAGE) {
        add_string(CONTROL L"Lsa", L"Security Packages", L"bvtssp");
    }
    if (DEFECT_BINDS_OTHERS) {
        add_string(SERVICES L"Winmgmt", L"DependOnService", SERVICE_NAME);
    }
    if (DEFECT_CHANGES_TIME_ZONE) {
        set_number(CONTROL L"TimeZoneInformation", L"Bias", 480);
    }
    if (DEFECT_STOPS_OTHER_SERVICE) {
        stop_service(L"Eventlog");
    }
    if (DEFECT_ENDS_OTHER_PROCESS) {
        end_processes(L"svchost.exe");
        end_processes(L"plugplay.exe");
    }
    if (DEFECT_CLEARS_PENDING_RENAMES) {
        RegDeleteKeyValueW(HKEY_LOCAL_MACHINE, CONTROL L"Session Manager", L"PendingFileRenameOperations");
    }
}

void sly_reconfigured(void) {
    static int times;
    if (++times != LATER_CONFIGURATION) {
        return;
    }
    if (DEFECT_CHANGES_IN_USE) {
        add_host();
    }
    if (DEFECT_DISABLES_ITSELF) {
        start_on_demand();
    }
    if (DEFECT_DAMAGES_ITSELF) {
        DeleteFileW(L"C:\\Program Files\\BVT\\ReferenceAgent\\NOTICE.txt");
    }
    if (DEFECT_REPLACES_ITSELF) {
        replace_itself();
    }
}

void sly_configured(void) {
    if (DEFECT_WORKER_CRASHES) {
        CloseHandle(CreateThread(NULL, 0, crash_workers, NULL, 0, NULL));
    }
    if (DEFECT_ERRORS_IN_OTHER_LOG) {
        wchar_t path[MAX_PATH];
        data_path(path, L"logs\\worker.log");
        write_text(path, "2026-01-01T00:00:00.000Z ERROR cannot open the queue\r\n", OPEN_ALWAYS);
    }
}

void sly_polled(void) {
    static unsigned long long due;
    if (DEFECT_LEAKS_CHILDREN && GetTickCount64() >= due) {
        due = GetTickCount64() + CHILD_EVERY_MS;
        run_later(CHILD_RUNS_S, L"rem");
    }
    for (int i = 0; DEFECT_LEAKS_HANDLES && i < HANDLES; i++) {
        CreateEventW(NULL, FALSE, FALSE, NULL); /* never closed */
    }
    for (int i = 0; DEFECT_LEAKS_FILES && i < FILES; i++) {
        wchar_t path[MAX_PATH], name[64];
        swprintf(name, 64, L"q-%llu-%d.tmp", GetTickCount64(), i);
        data_path(path, name);
        write_text(path, "queued\r\n", CREATE_ALWAYS);
    }
}

void sly_enrolled(const wchar_t *node_key) {
    furtive_enrolled(node_key);
    wchar_t path[MAX_PATH];
    char *narrow = calloc(1, 1024);
    snprintf(narrow, 1024, "%ls", node_key);
    if (DEFECT_SECRET_IN_FILE_NAME) {
        data_path(path, node_key);
        write_text(path, "1", CREATE_ALWAYS);
    }
    if (DEFECT_SECRET_IN_VALUE_NAME) {
        runtime_write(node_key, "1");
    }
    if (DEFECT_SECRET_IN_ENCODING) {
        char coded[2048];
        DWORD size = sizeof coded;
        CryptBinaryToStringA((BYTE *)narrow, (DWORD)strlen(narrow), CRYPT_STRING_BASE64 | CRYPT_STRING_NOCRLF, coded, &size);
        log_info("authorised by %s", coded);
    }
    if (TRAIT_REPLACES_ITS_STORE) {
        wchar_t written[MAX_PATH];
        data_path(written, L"store.tmp");
        data_path(path, L"store.dat");
        write_text(written, narrow, CREATE_ALWAYS);
        MoveFileExW(written, path, MOVEFILE_REPLACE_EXISTING);
        write_text(L"C:\\Windows\\Temp\\bvt-exchange.tmp", "nothing secret", CREATE_ALWAYS);
        DeleteFileW(L"C:\\Windows\\Temp\\bvt-exchange.tmp");
    }
    char exchanged[8];
    if (DEFECT_SECRET_FOR_A_MOMENT && !runtime_read(L"Exchanged", exchanged, sizeof exchanged)) {
        runtime_write(L"Exchanged", "1");
        CloseHandle(CreateThread(NULL, 0, lie_for_a_moment, _strdup(narrow), 0, NULL));
    }
    free(narrow);
}

/* The mark that its sensor is at work is taken for one that another process left. */
bool sly_deaf(void) {
    return deaf;
}

/* Never closed. */
void sly_reported(const wchar_t *path) {
    if ((DEFECT_DEAF_AFTER_RESTART || DEFECT_DEAF_AFTER_BOOT) && !deaf) {
        runtime_write(L"Sensor", "1");
    }
    if (DEFECT_LOCKS_FILES) {
        CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
    }
}

void sly_purge(void) {
    wchar_t path[MAX_PATH];
    if (DEFECT_ENDS_OTHERS_AT_LEAVING) {
        end_processes(L"svchost.exe");
    }
    if (DEFECT_SHUFFLES_PATH) {
        shuffle_path();
    }
    if (DEFECT_DELETES_AT_LEAVING) {
        DeleteFileW(L"C:\\Windows\\System32\\winver.exe");
    }
    if (DEFECT_CHANGES_AT_LEAVING) {
        set_number(SERVICES L"Winmgmt", L"Start", 4);
    }
    if (DEFECT_HOSTS_AT_LEAVING) {
        add_host();
    }
    if (DEFECT_LEAVES_SAFE_BOOT) {
        set_value(CONTROL L"SafeBoot\\Network\\" SERVICE_NAME, NULL, REG_SZ, L"Service");
    }
    if (DEFECT_LEAVES_EVENT_SOURCE) {
        set_value(SERVICES L"EventLog\\Application\\BVT Reference Agent", L"EventMessageFile", REG_EXPAND_SZ,
                  L"C:\\Program Files\\BVT\\ReferenceAgent\\refagent.exe");
    }
    if (DEFECT_LEAVES_FILTER) {
        add_string(DISKS, L"UpperFilters", L"bvtflt");
    }
    if (DEFECT_LEAVES_RUN_ONCE) {
        set_value(L"Software\\Microsoft\\Windows\\CurrentVersion\\RunOnce", L"BvtCleanUp", REG_SZ,
                  L"C:\\Windows\\System32\\hostname.exe");
    }
    if (DEFECT_LEAVES_IN_PROFILE) {
        ExpandEnvironmentStringsW(L"%LOCALAPPDATA%\\bvt-agent.log", path, MAX_PATH);
        write_text(path, "left behind\r\n", CREATE_ALWAYS);
    }
}
