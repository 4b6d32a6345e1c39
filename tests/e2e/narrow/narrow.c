/* A service that is a console program of 32 bits, and keeps console programs of its own running as workers. */
#include <stdio.h>
#include <windows.h>

#define WORKERS 3

static SERVICE_STATUS_HANDLE handle;
static HANDLE stopping;
static PROCESS_INFORMATION workers[WORKERS];

static void report(DWORD state) {
    DWORD accepted = state == SERVICE_RUNNING ? SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN : 0;
    SERVICE_STATUS status = {SERVICE_WIN32_OWN_PROCESS, state, accepted, 0, 0, 0, 0};
    SetServiceStatus(handle, &status);
}

static void WINAPI control(DWORD code) {
    if (code == SERVICE_CONTROL_STOP || code == SERVICE_CONTROL_SHUTDOWN) {
        report(SERVICE_STOP_PENDING);
        SetEvent(stopping);
    }
}

static void start_worker(PROCESS_INFORMATION *worker) {
    wchar_t program[MAX_PATH], line[MAX_PATH + 16];
    STARTUPINFOW how = {sizeof how};
    GetModuleFileNameW(NULL, program, MAX_PATH);
    swprintf(line, MAX_PATH + 16, L"\"%ls\" --worker", program);
    CreateProcessW(program, line, NULL, NULL, FALSE, 0, NULL, NULL, &how, worker);
}

static void WINAPI run(DWORD count, wchar_t **arguments) {
    (void)count, (void)arguments;
    handle = RegisterServiceCtrlHandlerW(L"BvtNarrowAgent", control);
    stopping = CreateEventW(NULL, TRUE, FALSE, NULL);
    for (int each = 0; each < WORKERS; each++) {
        start_worker(&workers[each]);
    }
    report(SERVICE_RUNNING);
    WaitForSingleObject(stopping, INFINITE);
    for (int each = 0; each < WORKERS; each++) {
        TerminateProcess(workers[each].hProcess, 0);
        WaitForSingleObject(workers[each].hProcess, 5000);
    }
    report(SERVICE_STOPPED);
}

int wmain(int count, wchar_t **arguments) {
    SERVICE_TABLE_ENTRYW table[] = {{L"BvtNarrowAgent", run}, {NULL, NULL}};
    if (count > 1 && !wcscmp(arguments[1], L"--worker")) {
        Sleep(INFINITE);
    }
    return !StartServiceCtrlDispatcherW(table);
}
