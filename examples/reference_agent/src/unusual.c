#include "unusual.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <winsock2.h>

#include "later.h"
#include "logger.h"
#include "product.h"
#include "settings.h"

enum { LOOKS_MS = 500, MANY = 150, WORKER_LIVES_MS = 2000, WORKER_ENDS_MS = 10000 };
enum { ENROLS_LATE_MS = 20000, CLEANS_UP_MS = 9000 };
enum { ENROLS_AFTER_MS = 5000, WORKS_MS = 1000, CACHE_BYTES = 5 << 20, CHILD_ENDS_S = 4 };

static HANDLE renewing;

/* A worker that is ended and started anew, as one that is to forget all that it has in memory. */
static DWORD WINAPI renew_worker(void *stop) {
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE};
    HANDLE job = CreateJobObjectW(NULL, NULL); /* it goes with the service, however that ends */
    SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits);
    do {
        wchar_t line[] = L"C:\\Windows\\System32\\ping.exe -n 600 127.0.0.1";
        STARTUPINFOW startup = {.cb = sizeof startup};
        PROCESS_INFORMATION process;
        if (!CreateProcessW(NULL, line, NULL, NULL, FALSE, CREATE_NO_WINDOW, NULL, NULL, &startup, &process)) {
            return 1;
        }
        AssignProcessToJobObject(job, process.hProcess);
        WaitForSingleObject(stop, WORKER_LIVES_MS);
        TerminateProcess(process.hProcess, 1);
        CloseHandle(process.hThread);
        CloseHandle(process.hProcess);
    } while (WaitForSingleObject(stop, 0) == WAIT_TIMEOUT);
    return 0;
}

static const wchar_t task[] = L"C:\\Windows\\System32\\Tasks\\BvtRefAgentDaily";

/* Its content stays: only the time is another. */
static void touch_system_file(void) {
    FILETIME now;
    HANDLE file = CreateFileW(L"C:\\Windows\\System32\\winver.exe", FILE_WRITE_ATTRIBUTES, FILE_SHARE_READ, NULL,
                              OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
    if (file != INVALID_HANDLE_VALUE) {
        GetSystemTimeAsFileTime(&now);
        SetFileTime(file, NULL, NULL, &now);
        CloseHandle(file);
    }
}

static void fill_cache(void) {
    wchar_t path[MAX_PATH];
    data_path(path, L"cache.bin");
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    if (file != INVALID_HANDLE_VALUE) {
        SetFilePointer(file, CACHE_BYTES, NULL, FILE_BEGIN);
        SetEndOfFile(file);
        CloseHandle(file);
    }
}

static void open_loopback_port(void) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    SOCKET listener = socket(AF_INET, SOCK_STREAM, 0);
    if (listener != INVALID_SOCKET && !bind(listener, (struct sockaddr *)&address, sizeof address)) {
        listen(listener, 1); /* for good */
    }
}

static void work_hard(void) {
    for (unsigned long long end = GetTickCount64() + WORKS_MS; GetTickCount64() < end;) {
    }
}

static void write_line(const wchar_t *name, const char *line) {
    wchar_t path[MAX_PATH];
    DWORD written;
    data_path(path, name);
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    if (file != INVALID_HANDLE_VALUE) {
        WriteFile(file, line, (DWORD)strlen(line), &written, NULL);
        CloseHandle(file);
    }
}

static void keep_files(void) {
    for (int i = 0; i < MANY; i++) {
        wchar_t name[32];
        swprintf(name, 32, L"part-%03d.dat", i);
        write_line(name, "a part\r\n");
    }
}

static void once_configured(void) {
    if (TRAIT_KEEPS_A_CACHE) {
        fill_cache();
    }
    if (TRAIT_KEEPS_MANY_FILES) {
        keep_files();
    }
    if (TRAIT_KEEPS_A_JOURNAL) {
        write_line(L"logs\\journal.log", "2026-01-01T00:00:00Z level=info errors=0 msg=\"no error so far\"\r\n");
    }
    if (TRAIT_HAS_A_NOISY_LIBRARY) {
        write_line(L"logs\\library.log", "2026-01-01T00:00:00Z ERROR cache: nothing there yet\r\n");
    }
    if (TRAIT_WORKS_HARD_AT_FIRST) {
        work_hard();
    }
    if (TRAIT_OPENS_LOOPBACK_PORT) {
        open_loopback_port();
    }
    if (TRAIT_SPEAKS_OF_ERRORS) {
        log_info("configured with 0 errors; errors would be told of here");
    }
}

static DWORD WINAPI let_go(void *file) {
    Sleep(LOOKS_MS);
    CloseHandle(file);
    return 0;
}

void unusual_troubled(void) {
    if (TRAIT_COMPLAINS_ELSEWHERE) {
        write_line(L"logs\\transport.log", "2026-01-01T00:00:00Z ERROR the backend does not answer\r\n");
    }
}

void unusual_reported(const wchar_t *path) {
    if (!TRAIT_LOOKS_INTO_FILES) {
        return;
    }
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    HANDLE thread = file != INVALID_HANDLE_VALUE ? CreateThread(NULL, 0, let_go, file, 0, NULL) : NULL;
    if (thread) {
        CloseHandle(thread);
    } else if (file != INVALID_HANDLE_VALUE) {
        CloseHandle(file);
    }
}

void unusual_start(HANDLE stop) {
    char mark[256];
    if (TRAIT_TOUCHES_SYSTEM_FILE) {
        touch_system_file();
    }

    if (TRAIT_HAS_A_TASK) {
        CreateDirectoryW(L"C:\\Windows\\System32\\Tasks", NULL);
        HANDLE file = CreateFileW(task, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
        if (file != INVALID_HANDLE_VALUE) {
            CloseHandle(file);
        }
    }
    if (TRAIT_ENROLS_SLOWLY) {
        WaitForSingleObject(stop, ENROLS_AFTER_MS);
    }
    if (TRAIT_ENROLS_LATE && !runtime_read(L"NodeKey", mark, sizeof mark)) {
        WaitForSingleObject(stop, ENROLS_LATE_MS);
    }
    if (TRAIT_ENDS_ITS_WORKER) {
        renewing = CreateThread(NULL, 0, renew_worker, stop, 0, NULL);
    }
}

void unusual_stopped(void) {
    if (TRAIT_ENDS_ITS_WORKER) {
        WaitForSingleObject(renewing, WORKER_ENDS_MS);
    }
}

void unusual_configured(void) {
    static bool configured;
    char mark[8];
    if (!configured) {
        configured = true;
        once_configured();
    }
    if (TRAIT_RESTARTS_ITSELF && !runtime_read(L"Restarted", mark, sizeof mark)) {
        runtime_write(L"Restarted", "1");
        wchar_t self[MAX_PATH], line[MAX_PATH + 16];
        GetModuleFileNameW(NULL, self, MAX_PATH);
        swprintf(line, MAX_PATH + 16, L"\"%ls\" --restart", self);
        run_later(0, line);
    }
}

void unusual_purge(void) {
    if (TRAIT_CLEANS_UP_AT_LENGTH) {
        Sleep(CLEANS_UP_MS);
    }
    if (TRAIT_CHILD_ENDS_LATE) {
        run_later(CHILD_ENDS_S, L"rem");
    }
    if (TRAIT_HAS_A_TASK) {
        DeleteFileW(task);
    }
    if (TRAIT_CLEANS_UP_LATE) {
        make_data_directories();
        run_later(2, L"rmdir /s /q C:\\ProgramData\\BVT");
    }
}
