#include "guard.h"

#include <windows.h>

#include "product.h"

enum { LOOK_MS = 500 };

#define GUARD_NAME L"BvtRefGuard"

static SERVICE_STATUS_HANDLE handle;
static HANDLE stop;

static void report(DWORD state) {
    SERVICE_STATUS status = {
        .dwServiceType = SERVICE_WIN32_OWN_PROCESS,
        .dwCurrentState = state,
        .dwControlsAccepted = state == SERVICE_RUNNING ? SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN : 0,
    };
    SetServiceStatus(handle, &status);
}

static DWORD WINAPI on_control(DWORD control, DWORD type, void *data, void *context) {
    (void)type, (void)data, (void)context;
    if (control == SERVICE_CONTROL_STOP || control == SERVICE_CONTROL_SHUTDOWN) {
        report(SERVICE_STOP_PENDING);
        SetEvent(stop);
    }
    return NO_ERROR;
}

static void look(void) {
    SERVICE_STATUS status;
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    SC_HANDLE service = manager ? OpenServiceW(manager, SERVICE_NAME, SERVICE_QUERY_STATUS | SERVICE_START) : NULL;
    if (service && QueryServiceStatus(service, &status) && status.dwCurrentState == SERVICE_STOPPED) {
        StartServiceW(service, 0, NULL);
    }
    if (service) {
        CloseServiceHandle(service);
    }
    if (manager) {
        CloseServiceHandle(manager);
    }
}

static void WINAPI guard_main(DWORD count, wchar_t **arguments) {
    (void)count, (void)arguments;
    handle = RegisterServiceCtrlHandlerExW(GUARD_NAME, on_control, NULL);
    stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    report(SERVICE_RUNNING);
    while (WaitForSingleObject(stop, LOOK_MS) == WAIT_TIMEOUT) {
        look();
    }
    report(SERVICE_STOPPED);
}

bool guard_run(void) {
    wchar_t name[] = GUARD_NAME;
    SERVICE_TABLE_ENTRYW table[] = {{name, guard_main}, {NULL, NULL}};
    return StartServiceCtrlDispatcherW(table);
}
