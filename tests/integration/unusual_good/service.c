/* A service program whose arguments say what it does:
   --service NAME, twice for two services in this process; --once ends by itself; --slowly S to start and to stop;
   --child starts python.exe beside it; --many COUNT FOLDER lays out files; --log FOLDER rotates one;
   --pid leaves a file with its number beside the program. */
#include <stdio.h>
#include <windows.h>

enum { LINES = 40, LONGEST = 1200 };

static SERVICE_STATUS_HANDLE handles[2];
static HANDLE stopping[2], worker;
static wchar_t *names[2], *many_in, *log_in;
static int count, many, slowly, once, with_child, with_pid;

static void report(int which, DWORD state) {
    static DWORD checkpoint;
    BOOL pending = state == SERVICE_START_PENDING || state == SERVICE_STOP_PENDING;
    SERVICE_STATUS status = {
        .dwServiceType = count > 1 ? SERVICE_WIN32_SHARE_PROCESS : SERVICE_WIN32_OWN_PROCESS,
        .dwCurrentState = state,
        .dwControlsAccepted = state == SERVICE_RUNNING ? SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN : 0,
        .dwCheckPoint = pending ? ++checkpoint : 0,
        .dwWaitHint = pending ? 5000 : 0,
    };
    SetServiceStatus(handles[which], &status);
}

static DWORD WINAPI control(DWORD code, DWORD type, void *data, void *which) {
    (void)type, (void)data;
    if (code == SERVICE_CONTROL_STOP || code == SERVICE_CONTROL_SHUTDOWN) {
        report((int)(INT_PTR)which, SERVICE_STOP_PENDING);
        SetEvent(stopping[(INT_PTR)which]);
    }
    return 0;
}

static void take_time(int which, DWORD state) {
    for (int second = 0; second < slowly; second++) {
        report(which, state);
        Sleep(1000);
    }
}

static void put(const wchar_t *path) {
    DWORD written;
    HANDLE file = CreateFileW(path, GENERIC_WRITE, FILE_SHARE_READ, NULL, CREATE_ALWAYS, 0, NULL);
    if (file != INVALID_HANDLE_VALUE) {
        WriteFile(file, "x", 1, &written, NULL);
        CloseHandle(file);
    }
}

/* Very many files, in another alphabet, and one below a path that is longer than most programs take. */
static DWORD WINAPI lay_out(void *unused) {
    wchar_t path[LONGEST];
    (void)unused;
    for (int n = 0; n < many; n++) {
        CreateDirectoryW(many_in, NULL);
        swprintf(path, LONGEST, L"%ls\\\x76e3\x8996 %05d.dat", many_in, n);
        put(path);
    }
    swprintf(path, LONGEST, L"\\\\?\\%ls", many_in ? many_in : L"");
    for (int n = 0; many && n < 6; n++) {
        swprintf(path + wcslen(path), 200, L"\\a folder with a long name that goes on and on, number %d", n);
        CreateDirectoryW(path, NULL);
    }
    if (many) {
        wcscat(path, L"\\deep.txt");
        put(path);
    }
    return 0;
}

/* A log in UTF-16 that is rotated every few seconds. */
static DWORD WINAPI keep_log(void *unused) {
    wchar_t path[MAX_PATH], old[MAX_PATH], line[100];
    DWORD written;
    (void)unused;
    CreateDirectoryW(log_in, NULL);
    swprintf(path, MAX_PATH, L"%ls\\agent.log", log_in);
    swprintf(old, MAX_PATH, L"%ls\\agent.log.1", log_in);
    for (BOOL stopped = FALSE; !stopped; MoveFileExW(path, old, MOVEFILE_REPLACE_EXISTING)) {
        HANDLE file = CreateFileW(path, GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL, CREATE_ALWAYS, 0, NULL);
        WriteFile(file, L"\xfeff", sizeof(wchar_t), &written, NULL);
        for (int n = 0; n < LINES && !stopped; n++) {
            SYSTEMTIME now;
            GetSystemTime(&now);
            swprintf(line, 100, L"%04d-%02d-%02dT%02d:%02d:%02dZ INFO \x76e3\x8996: 0 errors\r\n", now.wYear, now.wMonth,
                     now.wDay, now.wHour, now.wMinute, now.wSecond);
            WriteFile(file, line, (DWORD)(wcslen(line) * sizeof(wchar_t)), &written, NULL);
            stopped = WaitForSingleObject(stopping[0], 100) == WAIT_OBJECT_0;
        }
        CloseHandle(file);
    }
    return 0;
}

static void start_child(void) {
    wchar_t program[MAX_PATH], line[MAX_PATH + 32];
    STARTUPINFOW how = {sizeof how};
    PROCESS_INFORMATION made;
    GetModuleFileNameW(NULL, program, MAX_PATH);
    wcscpy(wcsrchr(program, L'\\'), L"\\python.exe");
    swprintf(line, MAX_PATH + 32, L"\"%ls\" --worker agent.py", program);
    if (CreateProcessW(program, line, NULL, NULL, FALSE, 0, NULL, NULL, &how, &made)) {
        worker = made.hProcess;
    }
}

static void leave_pid(void) {
    wchar_t path[MAX_PATH];
    GetModuleFileNameW(NULL, path, MAX_PATH);
    wcscpy(wcsrchr(path, L'\\'), L"\\agent.pid");
    put(path);
}

static void run(int which) {
    handles[which] = RegisterServiceCtrlHandlerExW(names[which], control, (void *)(INT_PTR)which);
    ResetEvent(stopping[which]);
    take_time(which, SERVICE_START_PENDING);
    if (!which) {
        CreateThread(NULL, 0, lay_out, NULL, 0, NULL);
        if (log_in) {
            CreateThread(NULL, 0, keep_log, NULL, 0, NULL);
        }
        if (with_child) {
            start_child();
        }
        if (with_pid) {
            leave_pid();
        }
    }
    report(which, SERVICE_RUNNING);
    WaitForSingleObject(stopping[which], once ? 1500 : INFINITE);
    take_time(which, SERVICE_STOP_PENDING);
    if (!which && worker) {
        TerminateProcess(worker, 0);
        WaitForSingleObject(worker, 5000);
    }
    report(which, SERVICE_STOPPED);
}

static void WINAPI first(DWORD argc, wchar_t **argv) {
    (void)argc, (void)argv;
    run(0);
}

static void WINAPI second(DWORD argc, wchar_t **argv) {
    (void)argc, (void)argv;
    run(1);
}

int wmain(int argc, wchar_t **argv) {
    for (int at = 1; at < argc; at++) {
        if (!wcscmp(argv[at], L"--service") && count < 2) {
            names[count++] = argv[++at];
        } else if (!wcscmp(argv[at], L"--once")) {
            once = 1;
        } else if (!wcscmp(argv[at], L"--slowly")) {
            slowly = _wtoi(argv[++at]);
        } else if (!wcscmp(argv[at], L"--child")) {
            with_child = 1;
        } else if (!wcscmp(argv[at], L"--pid")) {
            with_pid = 1;
        } else if (!wcscmp(argv[at], L"--many")) {
            many = _wtoi(argv[++at]);
            many_in = argv[++at];
        } else if (!wcscmp(argv[at], L"--log")) {
            log_in = argv[++at];
        } else if (!wcscmp(argv[at], L"--worker")) {
            Sleep(INFINITE);
        }
    }
    stopping[0] = CreateEventW(NULL, TRUE, FALSE, NULL);
    stopping[1] = CreateEventW(NULL, TRUE, FALSE, NULL);
    SERVICE_TABLE_ENTRYW table[] = {{names[0], first}, {names[1], second}, {NULL, NULL}};
    return !StartServiceCtrlDispatcherW(table);
}
