#include "unusual.h"

#include <stdbool.h>
#include <stdio.h>

#include <winsock2.h>

#include "later.h"
#include "logger.h"
#include "product.h"
#include "settings.h"

enum { ENROLS_LATE_MS = 20000, CLEANS_UP_MS = 9000 };
enum { ENROLS_AFTER_MS = 5000, WORKS_MS = 1000, CACHE_BYTES = 5 << 20, CHILD_ENDS_S = 4 };

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

static void once_configured(void) {
    if (TRAIT_KEEPS_A_CACHE) {
        fill_cache();
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
