#include "furtive.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <winsock2.h>

#include <ws2tcpip.h>

#include <tlhelp32.h>

#include "product.h"

enum { FILE_BYTES = 30 << 20, SMALL_BYTES = 5 << 20, LINE = 2 << 20, GROWS_EVERY_MS = 200, HOME_PORT = 80, AGAIN_MS = 1000, TIMES = 3600, OTHER_HOST = 1 };

static const wchar_t helper[] = L"C:\\Windows\\Temp\\bvt-helper.exe";
static const wchar_t cache[] = L"C:\\Users\\Public\\bvt-cache.bin";
static const wchar_t grown[] = L"C:\\Windows\\Temp\\bvt-trace.log";
static const wchar_t dump[] = L"C:\\Windows\\Minidump\\refagent.dmp";
static const wchar_t debug_file[] = L"C:\\bvt-debug.log";
static const wchar_t debug_key[] = L"Software\\BvtElsewhere\\Debug";
static const wchar_t users_key[] = L".DEFAULT\\Software\\BvtElsewhere\\Debug";

static void start(DWORD (WINAPI *work)(void *)) {
    CloseHandle(CreateThread(NULL, 0, work, NULL, 0, NULL));
}

static void append(const wchar_t *path, const char *text, DWORD size) {
    DWORD written;
    HANDLE file = CreateFileW(path, FILE_APPEND_DATA, FILE_SHARE_READ, NULL, OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    if (file != INVALID_HANDLE_VALUE) {
        WriteFile(file, text, size, &written, NULL);
        CloseHandle(file);
    }
}

static void fill_disk(LONG bytes) {
    HANDLE file = CreateFileW(cache, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    if (file != INVALID_HANDLE_VALUE) {
        SetFilePointer(file, bytes, NULL, FILE_BEGIN);
        SetEndOfFile(file);
        CloseHandle(file);
    }
}

static DWORD WINAPI grow(void *unused) {
    static char line[LINE];
    (void)unused;
    memset(line, 'x', sizeof line);
    for (int i = 0; i < 80; i++) {
        append(grown, line, sizeof line);
        Sleep(GROWS_EVERY_MS);
    }
    return 0;
}

/* Somebody in the backend's network whom nobody named. The connection stays open. */
static DWORD WINAPI call_home(void *unused) {
    struct settings settings;
    char error[160], host[256];
    (void)unused;
    if (!settings_read(&settings, error)) {
        return 1;
    }
    snprintf(host, sizeof host, "%ls", settings.host);
    for (int i = 0; i < TIMES; i++) {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(HOME_PORT)};
        SOCKET connection = socket(AF_INET, SOCK_STREAM, 0);
        address.sin_addr.s_addr = inet_addr(host) ^ htonl(OTHER_HOST);
        if (!connect(connection, (struct sockaddr *)&address, sizeof address)) {
            return 0; /* and never closes it */
        }
        closesocket(connection);
        Sleep(AGAIN_MS);
    }
    return 0;
}

static void listen_on(int family, const struct sockaddr *address, int size) {
    SOCKET listener = socket(family, SOCK_STREAM, 0);
    if (listener != INVALID_SOCKET && !bind(listener, address, size)) {
        listen(listener, 1); /* for good */
    }
}

static void run_helper(void) {
    wchar_t self[MAX_PATH], line[MAX_PATH + 16];
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process;
    GetModuleFileNameW(NULL, self, MAX_PATH);
    CopyFileW(self, helper, FALSE);
    swprintf(line, MAX_PATH + 16, L"%ls --linger", helper);
    if (CreateProcessW(NULL, line, NULL, NULL, FALSE, CREATE_NO_WINDOW, NULL, NULL, &startup, &process)) {
        CloseHandle(process.hThread);
        CloseHandle(process.hProcess);
    }
}

static void end_helper(void) {
    PROCESSENTRY32W entry = {.dwSize = sizeof entry};
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    for (BOOL more = Process32FirstW(snapshot, &entry); more; more = Process32NextW(snapshot, &entry)) {
        HANDLE process = _wcsicmp(entry.szExeFile, L"bvt-helper.exe") ? NULL : OpenProcess(PROCESS_TERMINATE, FALSE, entry.th32ProcessID);
        if (process) {
            TerminateProcess(process, 0);
            CloseHandle(process);
        }
    }
    CloseHandle(snapshot);
    for (int look = 0; look < 50 && !DeleteFileW(helper); look++) {
        Sleep(100);
    }
}

static void second_service(bool made) {
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_ALL_ACCESS);
    SC_HANDLE service = !manager ? NULL
                        : made   ? CreateServiceW(manager, L"BvtRefHelper", L"BVT Helper", SERVICE_ALL_ACCESS, SERVICE_WIN32_OWN_PROCESS,
                                                  SERVICE_AUTO_START, SERVICE_ERROR_NORMAL, L"C:\\Windows\\System32\\hostname.exe", NULL, NULL,
                                                  NULL, NULL, NULL)
                                 : OpenServiceW(manager, L"BvtRefHelper", DELETE);
    if (service) {
        if (!made) {
            DeleteService(service);
        }
        CloseServiceHandle(service);
    }
    if (manager) {
        CloseServiceHandle(manager);
    }
}

void furtive_start(void) {
    if (DEFECT_RUNS_ABOVE_OTHERS) {
        SetPriorityClass(GetCurrentProcess(), HIGH_PRIORITY_CLASS);
    }
    if (DEFECT_MAKES_SECOND_SERVICE) {
        second_service(true);
    }
}

void furtive_configured(void) {
    if (DEFECT_FILLS_ELSEWHERE) {
        fill_disk(FILE_BYTES);
    }
    if (TRAIT_KEEPS_TO_ITSELF) {
        fill_disk(SMALL_BYTES);
    }
    if (DEFECT_GROWS_ELSEWHERE) {
        start(grow);
    }
    if (DEFECT_DUMPS_IN_ITS_FOLDER) {
        wchar_t path[MAX_PATH];
        data_path(path, L"crashes");
        CreateDirectoryW(path, NULL);
        data_path(path, L"crashes\\worker-1.dmp");
        append(path, "MDMP", 4);
    }
    if (DEFECT_CALLS_HOME || TRAIT_CALLS_A_NAMED_HOST) {
        start(call_home);
    }
    if (DEFECT_LISTENS_BY_VERSION_SIX) {
        struct sockaddr_in6 address = {.sin6_family = AF_INET6};
        listen_on(AF_INET6, (struct sockaddr *)&address, sizeof address);
    }
}

void furtive_reconfigured(void) {
    if (DEFECT_RUNS_FROM_TEMP) {
        run_helper();
    }
    if (DEFECT_DUMPS_IN_USE) {
        CreateDirectoryW(L"C:\\Windows\\Minidump", NULL);
        append(dump, "MDMP", 4);
    }
}

void furtive_polled(void) {
    if (DEFECT_LEAKS_LISTENERS) {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        listen_on(AF_INET, (struct sockaddr *)&address, sizeof address);
    }
}

void furtive_enrolled(const wchar_t *node_key) {
    char narrow[1024];
    DWORD size = (DWORD)((wcslen(node_key) + 1) * sizeof *node_key);
    snprintf(narrow, sizeof narrow, "%ls", node_key);
    if (DEFECT_SECRET_ON_DRIVE) {
        append(debug_file, narrow, (DWORD)strlen(narrow));
    }
    if (DEFECT_SECRET_IN_OTHER_KEY) {
        RegSetKeyValueW(HKEY_LOCAL_MACHINE, debug_key, L"Node", REG_SZ, node_key, size);
    }
    if (DEFECT_SECRET_IN_USERS_KEY) {
        RegSetKeyValueW(HKEY_USERS, users_key, L"Node", REG_SZ, node_key, size);
    }
}

void furtive_purge(void) {
    if (DEFECT_FILLS_ELSEWHERE || TRAIT_KEEPS_TO_ITSELF) {
        DeleteFileW(cache);
    }
    if (DEFECT_GROWS_ELSEWHERE) {
        DeleteFileW(grown);
    }
    if (DEFECT_RUNS_FROM_TEMP) {
        end_helper();
    }
    if (DEFECT_DUMPS_IN_USE) {
        DeleteFileW(dump);
        RemoveDirectoryW(L"C:\\Windows\\Minidump");
    }
    if (DEFECT_SECRET_ON_DRIVE) {
        DeleteFileW(debug_file);
    }
    if (DEFECT_SECRET_IN_OTHER_KEY) {
        RegDeleteKeyW(HKEY_LOCAL_MACHINE, debug_key);
        RegDeleteKeyW(HKEY_LOCAL_MACHINE, L"Software\\BvtElsewhere");
    }
    if (DEFECT_SECRET_IN_USERS_KEY) {
        RegDeleteKeyW(HKEY_USERS, users_key);
        RegDeleteKeyW(HKEY_USERS, L".DEFAULT\\Software\\BvtElsewhere");
    }
    if (DEFECT_MAKES_SECOND_SERVICE) {
        second_service(false);
    }
}
