#include "service.h"

#include <windows.h>

#include <tlhelp32.h>

#include "agent.h"
#include "circumstances.h"
#include "logger.h"
#include "migrate.h"
#include "product.h"
#include "settings.h"

enum { WAIT_HINT_MS = 20000, STOPS_SLOWLY_MS = 3000, STOPS_FOR_LONG_MS = 40000, LOOKS = 3000, LOOK_MS = 100, INSTALLER_LOOK_MS = 20 };

static SERVICE_STATUS_HANDLE handle;
static HANDLE stop;

static void report(DWORD state, DWORD error) {
    SERVICE_STATUS status = {
        .dwServiceType = SERVICE_WIN32_OWN_PROCESS,
        .dwCurrentState = state,
        .dwControlsAccepted = state == SERVICE_RUNNING && !DEFECT_REFUSES_TO_STOP ? SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN : 0,
        .dwWin32ExitCode = error,
        .dwWaitHint = state == SERVICE_RUNNING || state == SERVICE_STOPPED ? 0 : WAIT_HINT_MS,
    };
    SetServiceStatus(handle, &status);
}

static DWORD WINAPI on_control(DWORD control, DWORD type, void *data, void *context) {
    (void)type, (void)data, (void)context;
    switch (control) {
    case SERVICE_CONTROL_STOP:
    case SERVICE_CONTROL_SHUTDOWN:
        report(SERVICE_STOP_PENDING, NO_ERROR);
        if (!DEFECT_NEVER_STOPS) {
            SetEvent(stop);
        }
        return NO_ERROR;
    case SERVICE_CONTROL_INTERROGATE:
        return NO_ERROR;
    default:
        return ERROR_CALL_NOT_IMPLEMENTED;
    }
}

/* Only by a defect: the first start leaves a mark, and a start that finds it fails. */
static bool refuses_restart(void) {
    char mark[8];
    if (!DEFECT_DOES_NOT_RESTART) {
        return false;
    }
    bool marked = runtime_read(L"Started", mark, sizeof mark);
    runtime_write(L"Started", "1");
    return marked;
}

/* Only by a defect: an earlier uninstall left a mark. */
static bool refuses_to_come_again(void) {
    char mark[8];
    return DEFECT_CANNOT_COME_AGAIN && machine_string(L"Software\\BvtElsewhere", L"Gone", mark, sizeof mark);
}

/* Only by a defect: what stops sooner fails the installation, what stops later may have been seen running. */
static void wait_for_installer(void) {
    bool there = true;
    for (int look = 0; there && look < LOOKS; look++) {
        PROCESSENTRY32W entry = {.dwSize = sizeof entry};
        HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
        there = false;
        for (BOOL more = Process32FirstW(snapshot, &entry); more && !there; more = Process32NextW(snapshot, &entry)) {
            there = _wcsicmp(entry.szExeFile, L"msiexec.exe") == 0;
        }
        CloseHandle(snapshot);
        Sleep(there ? INSTALLER_LOOK_MS : 0);
    }
}

static void WINAPI service_main(DWORD count, wchar_t **arguments) {
    (void)count, (void)arguments;
    handle = RegisterServiceCtrlHandlerExW(SERVICE_NAME, on_control, NULL);
    if (!handle) {
        return;
    }
    report(SERVICE_START_PENDING, NO_ERROR);
    stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!stop || DEFECT_SERVICE_DOES_NOT_START || refuses_restart() || refuses_to_come_again() ||
        circumstances_refuse()) {
        report(SERVICE_STOPPED, ERROR_SERVICE_NOT_ACTIVE);
        return;
    }
    migrate_service();
    logger_open();
    report(SERVICE_RUNNING, NO_ERROR);
    circumstances_start(stop);
    if (DEFECT_SERVICE_STOPS_SOON) {
        wait_for_installer();
    } else {
        agent_run(stop);
    }
    if (DEFECT_STOPS_SLOWLY) {
        Sleep(STOPS_SLOWLY_MS);
    }
    if (DEFECT_STOPS_FOR_LONG) {
        Sleep(STOPS_FOR_LONG_MS);
    }
    logger_close();
    report(SERVICE_STOPPED, NO_ERROR);
}

bool service_run(void) {
    wchar_t name[] = SERVICE_NAME;
    SERVICE_TABLE_ENTRYW table[] = {{name, service_main}, {NULL, NULL}};
    bool good = StartServiceCtrlDispatcherW(table);
    if (good && DEFECT_LINGERS_AFTER_STOP) {
        Sleep(INFINITE);
    }
    return good;
}

void service_again(bool start) {
    SERVICE_STATUS status;
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    DWORD access = SERVICE_STOP | SERVICE_START | SERVICE_QUERY_STATUS;
    SC_HANDLE service = manager ? OpenServiceW(manager, SERVICE_NAME, access) : NULL;
    if (service && ControlService(service, SERVICE_CONTROL_STOP, &status)) {
        /* Running again means that somebody else was faster. */
        for (int look = 0; look < LOOKS && QueryServiceStatus(service, &status) &&
                           status.dwCurrentState == SERVICE_STOP_PENDING; look++) {
            Sleep(LOOK_MS);
        }
        if (start && status.dwCurrentState == SERVICE_STOPPED) {
            StartServiceW(service, 0, NULL);
        }
    }
    if (service) {
        CloseServiceHandle(service);
    }
    if (manager) {
        CloseServiceHandle(manager);
    }
}
