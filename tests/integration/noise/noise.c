/* A service that is not the candidate, and writes files and values under names drawn by chance for as long as it runs. */
#define WIN32_LEAN_AND_MEAN
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <windows.h>

/* Some sixteen files and ten values a second: 500 and 200 in half a minute. */
#define PAUSE_MS 60
#define VALUES_KEY L"Software\\Telemetry\\Cache"

BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG length); /* RtlGenRandom */

static SERVICE_STATUS_HANDLE handle;
static HANDLE stopping;

static unsigned drawn(void) {
    unsigned number = 0;
    SystemFunction036(&number, sizeof number);
    return number;
}

static void write_file(const wchar_t *path, DWORD disposition) {
    char content[900];
    DWORD written, size = 100 + drawn() % 800;
    memset(content, 'x', sizeof content);
    HANDLE file = CreateFileW(path, FILE_APPEND_DATA, FILE_SHARE_READ, NULL, disposition, 0, NULL);
    if (file != INVALID_HANDLE_VALUE) {
        WriteFile(file, content, size, &written, NULL);
        CloseHandle(file);
    }
}

static void one_file(unsigned turn) {
    wchar_t path[MAX_PATH], mixed[11] = L"";
    static const wchar_t letters[] = L"abcdefghijklmnopqrstuvwxyz0123456789";
    for (int place = 0; place < 10; place++) {
        mixed[place] = letters[drawn() % 36];
    }
    switch (turn % 6) {
    case 0:
        swprintf(path, MAX_PATH, L"C:\\ProgramData\\Telemetry\\trace-%08x.etl", drawn());
        break;
    case 1:
        swprintf(path, MAX_PATH, L"C:\\Users\\Public\\run_%u.log", drawn() % 1000000);
        break;
    case 2:
        swprintf(path, MAX_PATH, L"C:\\ProgramData\\Telemetry\\%08x-%04x-%04x-%04x-%08x%04x.tmp", drawn(),
                 drawn() & 0xffff, drawn() & 0xffff, drawn() & 0xffff, drawn(), drawn() & 0xffff);
        break;
    case 3:
        swprintf(path, MAX_PATH, L"C:\\Windows\\Telemetry\\%ls.dat", mixed);
        break;
    case 4:
        swprintf(path, MAX_PATH, L"C:\\Windows\\Temp\\msi%04x.tmp", drawn() & 0xffff);
        break;
    default:
        swprintf(path, MAX_PATH, L"C:\\Windows\\Telemetry\\%09u", drawn() % 1000000000);
        CreateDirectoryW(path, NULL);
        swprintf(path + wcslen(path), 40, L"\\blob-%08x%04x", drawn(), drawn() & 0xffff);
    }
    write_file(path, CREATE_ALWAYS);
}

static void one_value(void) {
    wchar_t name[40];
    DWORD data = drawn();
    swprintf(name, 40, L"entry-%08x%02x", drawn(), drawn() & 0xff);
    RegSetKeyValueW(HKEY_LOCAL_MACHINE, VALUES_KEY, name, REG_DWORD, &data, sizeof data);
    RegSetKeyValueW(HKEY_LOCAL_MACHINE, VALUES_KEY, L"Last", REG_DWORD, &data, sizeof data);
}

static DWORD WINAPI work(void *unused) {
    (void)unused;
    for (unsigned turn = 0; WaitForSingleObject(stopping, PAUSE_MS) == WAIT_TIMEOUT; turn++) {
        one_file(turn);
        write_file(L"C:\\Windows\\Telemetry\\grows.log", OPEN_ALWAYS);
        if (turn % 5 < 3) {
            one_value();
        }
    }
    return 0;
}

static void report(DWORD state) {
    SERVICE_STATUS status = {SERVICE_WIN32_OWN_PROCESS, state, SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN, 0, 0, 0, 0};
    SetServiceStatus(handle, &status);
}

static void WINAPI control(DWORD code) {
    if (code == SERVICE_CONTROL_STOP || code == SERVICE_CONTROL_SHUTDOWN) {
        report(SERVICE_STOP_PENDING);
        SetEvent(stopping);
    }
}

static void WINAPI run(DWORD count, wchar_t **arguments) {
    (void)count, (void)arguments;
    handle = RegisterServiceCtrlHandlerW(L"Telemetry", control);
    stopping = CreateEventW(NULL, TRUE, FALSE, NULL);
    CreateDirectoryW(L"C:\\ProgramData\\Telemetry", NULL);
    CreateDirectoryW(L"C:\\Windows\\Telemetry", NULL);
    one_value();
    write_file(L"C:\\Windows\\Telemetry\\grows.log", OPEN_ALWAYS);
    report(SERVICE_RUNNING);
    work(NULL);
    report(SERVICE_STOPPED);
}

int wmain(void) {
    SERVICE_TABLE_ENTRYW table[] = {{L"Telemetry", run}, {NULL, NULL}};
    return !StartServiceCtrlDispatcherW(table);
}
