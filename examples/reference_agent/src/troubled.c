#include "troubled.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <windows.h>

#include "logger.h"
#include "product.h"
#include "settings.h"

enum { LINES = 300, ROOM = 20 << 20, HANDLES = 1000, EVENT_ROOM = 1 << 20, WAITS_MS = 10, LOOKS = 18000, THREADS = 8, MOMENT_MS = 500, PAGE = 4096 };

#define STAMP "\"unixTime\":"

static volatile bool in_trouble;
static bool waited; /* what is to be sent, for a backend that failed */

static DWORD WINAPI spin(void *unused) {
    (void)unused;
    while (in_trouble) {
    }
    return 0;
}

static DWORD WINAPI work_for_a_moment(void *unused) {
    unsigned long long until = GetTickCount64() + MOMENT_MS;
    (void)unused;
    while (GetTickCount64() < until) {
    }
    return 0;
}

static DWORD WINAPI wait_for_nothing(void *unused) {
    (void)unused;
    Sleep(INFINITE);
    return 0;
}

/* Never given back. What nobody reads a compiler may leave out. */
static void take(size_t room) {
    volatile char *taken = malloc(room);
    for (size_t at = 0; taken && at < room; at += PAGE) {
        taken[at] = 1;
    }
}

static void start(DWORD (WINAPI *work)(void *)) {
    CloseHandle(CreateThread(NULL, 0, work, NULL, 0, NULL));
}

/* A process that ended without being told to leaves the mark. */
void troubled_start(void) {
    char mark[8];
    if (DEFECT_ANOTHER_AFTER_A_CRASH && runtime_read(L"Running", mark, sizeof mark)) {
        runtime_remove(L"NodeKey");
    }
    if (DEFECT_ANOTHER_AFTER_A_CRASH) {
        runtime_write(L"Running", "1");
    }
}

void troubled_failed(const char *node_key) {
    bool first = !in_trouble;
    in_trouble = waited = true;
    if (DEFECT_BUSY_IN_TROUBLE && first) {
        start(spin);
    }
    if (TRAIT_WORKS_IN_TROUBLE && first) {
        start(work_for_a_moment);
    }
    for (int i = 0; DEFECT_FLOODS_ITS_LOG_IN_TROUBLE && i < LINES; i++) {
        log_info("waiting for the backend");
    }
    if (DEFECT_LEAKS_IN_TROUBLE) {
        take(ROOM);
    }
    for (int i = 0; DEFECT_LEAKS_HANDLES_IN_TROUBLE && i < HANDLES; i++) {
        CreateEventW(NULL, FALSE, FALSE, NULL); /* never closed */
    }
    if (DEFECT_TELLS_ITS_KEY_IN_TROUBLE && *node_key) {
        log_info("this was not taken: {\"node_key\":\"%s\"}", node_key);
    }
}

void troubled_over(void) {
    in_trouble = false;
}

/* As where a flush is to end before the program does. */
void troubled_stopping(void) {
    for (int i = 0; DEFECT_STAYS_IN_TROUBLE && in_trouble && i < LOOKS; i++) {
        Sleep(WAITS_MS);
    }
}

void troubled_stopped(void) {
    if (DEFECT_ANOTHER_AFTER_A_CRASH) {
        runtime_remove(L"Running");
    }
}

/* The mark of another process that told of files: the first start in use is the one at the next boot. */
bool troubled_tells_again(void) {
    static bool looked, again;
    char mark[8];
    if (DEFECT_TELLS_AGAIN_AT_BOOT && !looked) {
        looked = true;
        again = runtime_read(L"Told", mark, sizeof mark);
    }
    return again;
}

void troubled_event(void) {
    if (DEFECT_TELLS_AGAIN_AT_BOOT) {
        runtime_write(L"Told", "1");
    }
    if (DEFECT_LEAKS_BY_EVENT) {
        take(EVENT_ROOM);
    }
}

void troubled_answered(void) {
    for (int i = 0; DEFECT_LEAKS_BY_ANSWER && i < THREADS; i++) {
        start(wait_for_nothing);
    }
}

/* Events that waited for the backend are given the time at which they go. */
void troubled_batch(struct text *lines) {
    char now[24];
    if (!DEFECT_STAMPS_WHAT_WAITED || !waited || !lines->data || !strstr(lines->data, "\"action\"")) {
        return;
    }
    waited = false;
    snprintf(now, sizeof now, "%lld", (long long)time(NULL));
    for (char *at = lines->data; (at = strstr(at, STAMP)); at += strlen(STAMP)) {
        if (strspn(at + strlen(STAMP), "0123456789") == strlen(now)) {
            memcpy(at + strlen(STAMP), now, strlen(now));
        }
    }
}
