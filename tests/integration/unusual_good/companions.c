/* companions.exe keep NAME             a service that does nothing
   companions.exe work NAME SECONDS     one that takes so long to start
   companions.exe guard NAME OTHER      one that starts another as often as that stops */
#include <stdio.h>
#include <windows.h>

enum { LOOK_MS = 300, STEP_MS = 1000 };

static SERVICE_STATUS_HANDLE handle;
static HANDLE stopping;
static wchar_t *role, *name, *more;

static void report(DWORD state) {
    static DWORD checkpoint;
    BOOL pending = state == SERVICE_START_PENDING || state == SERVICE_STOP_PENDING;
    SERVICE_STATUS status = {
        .dwServiceType = SERVICE_WIN32_OWN_PROCESS,
        .dwCurrentState = state,
        .dwControlsAccepted = state == SERVICE_RUNNING ? SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN : 0,
        .dwCheckPoint = pending ? ++checkpoint : 0,
        .dwWaitHint = pending ? 5000 : 0,
    };
    SetServiceStatus(handle, &status);
}

static DWORD WINAPI control(DWORD code, DWORD type, void *data, void *context) {
    (void)type, (void)data, (void)context;
    if (code == SERVICE_CONTROL_STOP || code == SERVICE_CONTROL_SHUTDOWN) {
        report(SERVICE_STOP_PENDING);
        SetEvent(stopping);
    }
    return NO_ERROR;
}

static void look_after(const wchar_t *other) {
    SERVICE_STATUS status;
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    SC_HANDLE service = manager ? OpenServiceW(manager, other, SERVICE_QUERY_STATUS | SERVICE_START) : NULL;
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

static void WINAPI run(DWORD count, wchar_t **arguments) {
    (void)count, (void)arguments;
    handle = RegisterServiceCtrlHandlerExW(name, control, NULL);
    report(SERVICE_START_PENDING);
    for (int left = wcscmp(role, L"work") ? 0 : _wtoi(more); left > 0; left--) {
        Sleep(STEP_MS);
        report(SERVICE_START_PENDING);
    }
    report(SERVICE_RUNNING);
    while (WaitForSingleObject(stopping, wcscmp(role, L"guard") ? INFINITE : LOOK_MS) == WAIT_TIMEOUT) {
        look_after(more);
    }
    report(SERVICE_STOPPED);
}

int wmain(int argc, wchar_t **argv) {
    if (argc < 3) {
        wprintf(L"companions 1.0.0\n");
        return 0;
    }
    role = argv[1], name = argv[2], more = argc > 3 ? argv[3] : L"";
    stopping = CreateEventW(NULL, TRUE, FALSE, NULL);
    SERVICE_TABLE_ENTRYW table[] = {{name, run}, {NULL, NULL}};
    return !StartServiceCtrlDispatcherW(table);
}
