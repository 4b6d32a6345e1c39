#include "greedy.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <winsock2.h>

#include <windows.h>

#include "fleeting.h"
#include "furtive.h"
#include "later.h"
#include "logger.h"
#include "settings.h"
#include "sly.h"

enum { HANDLES = 2000 };
enum { MEMORY = 150 << 20, THREADS = 80, STACK = 64 << 10, PROGRAMS = 6, RUN_S = 120, FILE_BYTES = 30 << 20 };
enum { LEAK = 2 << 20, LEAKS = 80, LEAK_EVERY_MS = 200, RESTARTS_AFTER_S = 3, SLOWLY = 4 };

static DWORD WINAPI wait_for_nothing(void *unused) {
    (void)unused;
    Sleep(INFINITE);
    return 0;
}

static void fill_disk(void) {
    wchar_t path[MAX_PATH];
    data_path(path, L"cache.bin");
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    if (file != INVALID_HANDLE_VALUE) {
        SetFilePointer(file, FILE_BYTES, NULL, FILE_BEGIN);
        SetEndOfFile(file);
        CloseHandle(file);
    }
}

static DWORD WINAPI leak(void *unused) {
    const size_t each = DEFECT_LEAKS_FOR_EVER ? LEAK / SLOWLY : LEAK;
    (void)unused;
    for (int i = 0; i < LEAKS || DEFECT_LEAKS_FOR_EVER; i++) {
        char *taken = malloc(each);
        if (taken) {
            memset(taken, 1, each);
        }
        Sleep(LEAK_EVERY_MS);
    }
    return 0;
}

static DWORD WINAPI grow_on_disk(void *unused) {
    static char line[LEAK];
    wchar_t path[MAX_PATH];
    DWORD written;
    (void)unused;
    data_path(path, L"grows.log");
    memset(line, 'x', sizeof line);
    for (int i = 0; i < LEAKS || DEFECT_GROWS_FOR_EVER; i++) {
        HANDLE file = CreateFileW(path, FILE_APPEND_DATA, FILE_SHARE_READ, NULL, OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
        if (file != INVALID_HANDLE_VALUE) {
            WriteFile(file, line, DEFECT_GROWS_FOR_EVER ? LEAK / SLOWLY : LEAK, &written, NULL);
            CloseHandle(file);
        }
        Sleep(LEAK_EVERY_MS);
    }
    return 0;
}

static DWORD WINAPI spin(void *unused) {
    static volatile unsigned turns;
    (void)unused;
    for (turns = 1; turns; turns |= 1) {
    }
    return 0;
}

static void start(DWORD (WINAPI *work)(void *)) {
    CloseHandle(CreateThread(NULL, 0, work, NULL, 0, NULL));
}

/* A new process of the service, some seconds after each first configuration of one. */
static void restart_for_ever(void) {
    wchar_t self[MAX_PATH], line[MAX_PATH + 16];
    GetModuleFileNameW(NULL, self, MAX_PATH);
    swprintf(line, MAX_PATH + 16, L"\"%ls\" --restart", self);
    run_later(RESTARTS_AFTER_S, line);
}

static void open_port(void) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    SOCKET listener = socket(AF_INET, SOCK_STREAM, 0);
    if (listener != INVALID_SOCKET && !bind(listener, (struct sockaddr *)&address, sizeof address)) {
        listen(listener, 1); /* for good */
    }
}

void greedy_configured(void) {
    static bool done;
    if (done) {
        return;
    }
    done = true;
    sly_configured();
    furtive_configured();
    fleeting_configured();
    if (DEFECT_TAKES_MEMORY) {
        char *taken = malloc(MEMORY);
        if (taken) {
            memset(taken, 1, MEMORY);
        }
    }
    for (int i = 0; DEFECT_TAKES_THREADS && i < THREADS; i++) {
        CloseHandle(CreateThread(NULL, STACK, wait_for_nothing, NULL, STACK_SIZE_PARAM_IS_A_RESERVATION, NULL));
    }
    for (int i = 0; DEFECT_TAKES_PROCESSES && i < PROGRAMS; i++) {
        run_later(RUN_S, L"rem");
    }
    for (int i = 0; TRAIT_KEEPS_MANY_HANDLES && i < HANDLES; i++) {
        CreateEventW(NULL, FALSE, FALSE, NULL);
    }
    if (DEFECT_TAKES_DISK) {
        fill_disk();
    }
    if (DEFECT_LEAKS_MEMORY || DEFECT_LEAKS_FOR_EVER) {
        start(leak);
    }
    if (DEFECT_GROWS_ON_DISK || DEFECT_GROWS_FOR_EVER) {
        start(grow_on_disk);
    }
    if (DEFECT_SPINS) {
        start(spin);
    }
    if (DEFECT_RESTARTS_UNASKED) {
        restart_for_ever();
    }
    if (DEFECT_LOGS_ERRORS) {
        log_error("the store is damaged, going on without it");
    }
    if (DEFECT_OPENS_PORT_LATE) {
        open_port();
    }
}
