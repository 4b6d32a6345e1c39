#include "outbox.h"

#include <stdlib.h>
#include <string.h>

#include <windows.h>

#include "text.h"

enum { CAPACITY = 8192, BATCH_LINES = 512, BATCH_BYTES = 512 * 1024, TEN = 10 };

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
