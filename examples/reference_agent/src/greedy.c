#include "greedy.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <winsock2.h>

#include <windows.h>

#include "later.h"
#include "logger.h"
#include "settings.h"

enum { MEMORY = 150 << 20, THREADS = 80, STACK = 64 << 10, PROGRAMS = 6, RUN_S = 120, FILE_BYTES = 30 << 20 };

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
    if (DEFECT_TAKES_DISK) {
        fill_disk();
    }
    if (DEFECT_LOGS_ERRORS) {
        log_error("the store is damaged, going on without it");
    }
    if (DEFECT_OPENS_PORT_LATE) {
        open_port();
    }
}
