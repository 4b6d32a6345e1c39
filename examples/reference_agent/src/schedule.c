#include "schedule.h"

#include <stdlib.h>
#include <string.h>

#include <windows.h>

#include "logger.h"
#include "outbox.h"
#include "rows.h"
#include "skew.h"
#include "tables.h"

enum {
    IDLE_MS = 3600 * 1000,
    SLOW_MS = 1000,
    COMPLAIN_AFTER = 5, /* failures in a row: while the system starts, one or two are usual */
};

#define NEVER "Never" /* a registry value that nobody ever wrote */

struct running {
    struct scheduled scheduled;
    unsigned long long due;
    struct rows last;
    long long after; /* place in an evented table */
    int failures; /* in a row */
};

static struct running *running;
static size_t running_count;

static void keep_what_was_seen(struct running *fresh) {
    for (size_t i = 0; i < running_count; i++) {
        if (memcmp(&running[i].scheduled, &fresh->scheduled, sizeof fresh->scheduled) == 0) {
            *fresh = running[i];
            memset(&running[i].last, 0, sizeof running[i].last); /* moved */
            return;
        }
    }
}

/* Only for a defect. */
static bool scheduled_in(const struct config *config, const char *name) {
    bool found = false;
    for (size_t i = 0; i < config->scheduled_count; i++) {
        found = found || strcmp(config->scheduled[i].name, name) == 0;
    }
    return found;
}

void schedule_configure(const struct config *config) {
    struct running *fresh = allocate((config->scheduled_count + running_count) * sizeof *fresh);
    for (size_t i = 0; i < config->scheduled_count; i++) {
        memcpy(&fresh[i].scheduled, &config->scheduled[i], sizeof fresh[i].scheduled);
        keep_what_was_seen(&fresh[i]);
    }
    size_t count = config->scheduled_count;
    for (size_t i = 0; DEFECT_KEEPS_DROPPED_QUERIES && i < running_count; i++) {
        if (!scheduled_in(config, running[i].scheduled.name)) {
            fresh[count++] = running[i];
            memset(&running[i].last, 0, sizeof running[i].last); /* moved */
        }
    }
    for (size_t i = 0; i < running_count; i++) {
        rows_free(&running[i].last);
    }
    free(running);
    running = fresh;
    running_count = count;
}

void schedule_hurry(void) {
    for (size_t i = 0; i < running_count; i++) {
        running[i].due = 0;
    }
}

static void send_change(void *context, const char *action, const char *columns) {
    const struct running *query = context;
    struct text line = {0};
    text_add(&line, "{\"name\":");
    text_add_json(&line, query->scheduled.name);
    text_add(&line, ",");
    log_stamp(&line);
    text_addf(&line, ",\"columns\":%s,\"action\":\"%s\"}", columns, action);
    for (char *c = line.data; DEFECT_MANGLES_NAMES && *c; c++) {
        *c = (unsigned char)*c < 128 ? *c : '?';
    }
    skew_line(line.data);
    outbox_add(OUTBOX_RESULT, line.data);
    text_free(&line);
    if (DEFECT_INVENTS_EVENTS && strstr(columns, "BvtStimulus") && !strstr(columns, NEVER)) {
        send_change(context, action, "{\"path\":\"HKEY_LOCAL_MACHINE\\\\Software\\\\BvtStimulus\\\\" NEVER "\"}");
    }
}

static void run(struct running *query) {
    struct rows rows = {0};
    bool evented = SCHEMAS[query->scheduled.query.table].evented;
    unsigned long long started = GetTickCount64();
    bool answered = tables_run(&query->scheduled.query, &rows, &query->after);
    unsigned long long took_ms = GetTickCount64() - started;
    if (took_ms > SLOW_MS) {
        log_warning("query %s took %llu ms", query->scheduled.name, took_ms);
    }
    if (!answered) {
        if (++query->failures == COMPLAIN_AFTER) {
            log_warning("query %s: this system cannot answer", query->scheduled.name);
        }
        rows_free(&rows); /* an unanswered query says nothing about what is gone */
        return;
    }
    query->failures = 0;
    if (evented) {
        struct rows none = {0};
        rows_compare(&none, &rows, send_change, query);
        rows_free(&rows);
        return;
    }
    rows_sort(&rows);
    rows_compare(&query->last, &rows, send_change, query);
    rows_free(&query->last);
    query->last = rows;
}

unsigned long long schedule_run(unsigned long long now) {
    unsigned long long next = now + IDLE_MS;
    for (size_t i = 0; i < running_count; i++) {
        unsigned long long interval = (unsigned long long)running[i].scheduled.interval_ms;
        if (now >= running[i].due) {
            run(&running[i]);
            running[i].due = now + interval;
        }
        next = running[i].due < next ? running[i].due : next;
    }
    return next;
}
