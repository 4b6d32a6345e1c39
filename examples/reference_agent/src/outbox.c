#include "outbox.h"

#include <stdlib.h>
#include <string.h>

#include <windows.h>

#include "settings.h"
#include "text.h"

#define WAITING_FILE L"waiting.jsonl"

enum { CAPACITY = 8192, BATCH_LINES = 512, BATCH_BYTES = 512 * 1024, TEN = 10, STORED_LIMIT = 64 * 1024 * 1024 };

const char *const OUTBOX_LOG_TYPES[OUTBOX_KINDS] = {"result", "status"};

static struct {
    char *lines[CAPACITY];
    unsigned first;
    unsigned count;
    unsigned dropped_unsent; /* lines of a batch in flight that made room meanwhile */
} boxes[OUTBOX_KINDS];

static SRWLOCK lock = SRWLOCK_INIT;
static long lost;

static void drop_first(enum outbox_kind kind) {
    free(boxes[kind].lines[boxes[kind].first]);
    boxes[kind].first = (boxes[kind].first + 1) % CAPACITY;
    boxes[kind].count--;
}

static void add(enum outbox_kind kind, const char *line);

void outbox_add(enum outbox_kind kind, const char *line) {
    static unsigned processes, files; /* only for a defect */
    if (DEFECT_LOSES_ONE_IN_TEN && kind == OUTBOX_RESULT && strstr(line, "\"added\"") && strstr(line, "\"processes\"") && ++processes % TEN == 0) {
        return;
    }
    if (DEFECT_OVERLOOKS_A_SERVICE && kind == OUTBOX_RESULT && strstr(line, "\"name\":\"Winmgmt\"")) {
        return;
    }
    if (DEFECT_LOSES_ONE_FILE_IN_TEN && kind == OUTBOX_RESULT && strstr(line, "\"file_events\"") && ++files % TEN == 0) {
        return;
    }
    if (DEFECT_LOSES_BURSTS && kind == OUTBOX_RESULT && strstr(line, "\"file_events\"") && outbox_waiting(kind) >= 48) {
        return;
    }
    add(kind, line);
    bool notice = TRAIT_REPEATS_FILE_NOTICES && strstr(line, "\"file_events\"");
    if ((DEFECT_EVENTS_TWICE || notice) && kind == OUTBOX_RESULT) {
        add(kind, line);
    }
}

static void add(enum outbox_kind kind, const char *line) {
    char *copy = duplicate(line);
    AcquireSRWLockExclusive(&lock);
    if (boxes[kind].count == CAPACITY) {
        drop_first(kind);
        boxes[kind].dropped_unsent++;
        lost++;
    }
    boxes[kind].lines[(boxes[kind].first + boxes[kind].count++) % CAPACITY] = copy;
    ReleaseSRWLockExclusive(&lock);
}

int outbox_peek(enum outbox_kind kind, struct text *data) {
    int taken = 0;
    AcquireSRWLockExclusive(&lock);
    boxes[kind].dropped_unsent = 0;
    while (taken < (int)boxes[kind].count && taken < BATCH_LINES && data->length < BATCH_BYTES) {
        text_add(data, taken ? "," : "");
        text_add(data, boxes[kind].lines[(boxes[kind].first + (unsigned)taken) % CAPACITY]);
        taken++;
    }
    ReleaseSRWLockExclusive(&lock);
    return taken;
}

void outbox_sent(enum outbox_kind kind, int count) {
    AcquireSRWLockExclusive(&lock);
    for (int left = count - (int)boxes[kind].dropped_unsent; left > 0; left--) {
        drop_first(kind);
    }
    boxes[kind].dropped_unsent = 0;
    ReleaseSRWLockExclusive(&lock);
}

int outbox_waiting(enum outbox_kind kind) {
    AcquireSRWLockShared(&lock);
    int count = (int)boxes[kind].count;
    ReleaseSRWLockShared(&lock);
    return count;
}

long outbox_lost(void) {
    AcquireSRWLockShared(&lock);
    long count = lost;
    ReleaseSRWLockShared(&lock);
    return count;
}

void outbox_store(void) {
    wchar_t path[MAX_PATH];
    struct text lines = {0};
    DWORD written;
    if (DEFECT_FORGETS_WHAT_WAITS) {
        return;
    }
    AcquireSRWLockShared(&lock);
    for (unsigned i = 0; i < boxes[OUTBOX_RESULT].count; i++) {
        text_add(&lines, boxes[OUTBOX_RESULT].lines[(boxes[OUTBOX_RESULT].first + i) % CAPACITY]);
        text_add(&lines, "\n");
    }
    ReleaseSRWLockShared(&lock);
    data_path(path, WAITING_FILE);
    HANDLE file = lines.length ? CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL)
                               : INVALID_HANDLE_VALUE;
    if (file != INVALID_HANDLE_VALUE) {
        WriteFile(file, lines.data, (DWORD)lines.length, &written, NULL);
        CloseHandle(file);
    }
    text_free(&lines);
}

/* A line that a power cut left without its end is none. */
static void add_lines(char *lines) {
    for (char *end; (end = strchr(lines, '\n')); lines = end + 1) {
        *end = '\0';
        if (*lines == '{' && end[-1] == '}') {
            add(OUTBOX_RESULT, lines);
        }
    }
}

void outbox_restore(void) {
    wchar_t path[MAX_PATH];
    LARGE_INTEGER size;
    DWORD read = 0;
    data_path(path, WAITING_FILE);
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
    if (file == INVALID_HANDLE_VALUE) {
        return;
    }
    if (GetFileSizeEx(file, &size) && size.QuadPart < STORED_LIMIT) {
        char *lines = allocate((size_t)size.QuadPart + 1);
        if (ReadFile(file, lines, (DWORD)size.QuadPart, &read, NULL)) {
            lines[read] = '\0';
            add_lines(lines);
        }
        free(lines);
    }
    CloseHandle(file);
    DeleteFileW(path); /* once told it is not to be told again */
}
