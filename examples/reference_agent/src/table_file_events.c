/* What happened to files in the watched directories. One thread per directory waits for the system's notices. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <windows.h>

#include "policy.h"
#include "skew.h"
#include "sly.h"
#include "tables.h"
#include "text.h"
#include "troubled.h"
#include "unusual.h"
#include "watched.h"
#include "wide.h"

enum { EVENT_LIMIT = 4096, RETRY_MS = 250, ENTRY_LIMIT = 4096, DEPTH_LIMIT = 8 };

struct event {
    char *path;
    char category[CONFIG_NAME_SIZE];
    const char *action;
    time_t at;
};

struct watch {
    wchar_t *directory;
    char category[CONFIG_NAME_SIZE];
    bool recursive;
    HANDLE thread;
};

static struct event events[EVENT_LIMIT]; /* event number n is at n % EVENT_LIMIT; numbers start at 1 */
static long long last_event;
static SRWLOCK lock = SRWLOCK_INIT;

static struct watch watches[CONFIG_PATH_LIMIT];
static size_t watch_count;
static HANDLE stop;

static void add_event(const struct watch *watch, const wchar_t *path, const char *action) {
    char *narrow_path = narrow(path);
    action = skew_action(action);
    skew_path(narrow_path);
    troubled_event();
    sly_reported(path);
    unusual_reported(path);
    if (!action || sly_deaf() || (DEFECT_DEAF_TO_A_CHANGE && policy_was_changed())) {
        free(narrow_path);
        return;
    }
    AcquireSRWLockExclusive(&lock);
    struct event *last = &events[last_event % EVENT_LIMIT];
    bool repeated = last_event && last->at == time(NULL) && last->action == action && !strcmp(last->path, narrow_path);
    if (!repeated) { /* one write makes several notices */
        struct event *event = &events[++last_event % EVENT_LIMIT];
        free(event->path);
        *event = (struct event){.path = duplicate(narrow_path), .action = action, .at = time(NULL)};
        strcpy(event->category, watch->category);
    }
    ReleaseSRWLockExclusive(&lock);
    free(narrow_path);
}

static void add_created(void *context, const wchar_t *path) {
    add_event(context, path, "CREATED");
}

static void walk_level(const wchar_t *directory, int depth, int *entries, watched_file *use, void *context) {
    wchar_t path[MAX_PATH * 2];
    WIN32_FIND_DATAW entry;
    swprintf(path, MAX_PATH * 2, L"%ls\\*", directory);
    HANDLE find = FindFirstFileW(path, &entry);
    if (find == INVALID_HANDLE_VALUE) {
        return;
    }
    do {
        if (wcscmp(entry.cFileName, L".") == 0 || wcscmp(entry.cFileName, L"..") == 0) {
            continue;
        }
        swprintf(path, MAX_PATH * 2, L"%ls\\%ls", directory, entry.cFileName);
        use(context, path);
        bool enter = (entry.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) &&
                     !(entry.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT);
        if (enter && depth > 0) {
            walk_level(path, depth - 1, entries, use, context);
        }
    } while (--*entries > 0 && FindNextFileW(find, &entry));
    FindClose(find);
}

void walk_directory(const wchar_t *directory, bool recursive, watched_file *use, void *context) {
    int entries = ENTRY_LIMIT;
    walk_level(directory, recursive ? DEPTH_LIMIT : 0, &entries, use, context);
}

void watched_each(watched_file *use, void *context) {
    for (size_t i = 0; i < watch_count; i++) {
        walk_directory(watches[i].directory, watches[i].recursive, use, context);
    }
}

static void add_notices(const struct watch *watch, const BYTE *buffer) {
    static const char *const actions[] = {NULL, "CREATED", "DELETED", "UPDATED", "MOVED_FROM", "MOVED_TO"};
    for (const BYTE *at = buffer;;) {
        const FILE_NOTIFY_INFORMATION *notice = (const FILE_NOTIFY_INFORMATION *)at;
        wchar_t path[MAX_PATH * 2];
        swprintf(path, MAX_PATH * 2, L"%ls\\%.*ls", watch->directory, (int)(notice->FileNameLength / sizeof(wchar_t)),
                 notice->FileName);
        if (notice->Action >= FILE_ACTION_ADDED && notice->Action <= FILE_ACTION_RENAMED_NEW_NAME) {
            add_event(watch, path, actions[notice->Action]);
        }
        if (!notice->NextEntryOffset) {
            return;
        }
        at += notice->NextEntryOffset;
    }
}

/* Returns when the directory is gone or the watch is over. */
static void follow(struct watch *watch, HANDLE directory, HANDLE ready, bool appeared) {
    _Alignas(8) BYTE buffer[16 * 1024];
    const DWORD changes = FILE_NOTIFY_CHANGE_FILE_NAME | FILE_NOTIFY_CHANGE_DIR_NAME | FILE_NOTIFY_CHANGE_SIZE |
                          FILE_NOTIFY_CHANGE_LAST_WRITE;
    for (;;) {
        OVERLAPPED overlapped = {.hEvent = ready};
        DWORD size = 0;
        if (!ReadDirectoryChangesW(directory, buffer, sizeof buffer, watch->recursive, changes, NULL, &overlapped,
                                   NULL)) {
            return;
        }
        if (appeared) { /* only now, when nothing can slip between the listing and the first notice */
            walk_directory(watch->directory, watch->recursive, add_created, watch);
            appeared = false;
        }
        HANDLE handles[] = {stop, ready};
        if (WaitForMultipleObjects(2, handles, FALSE, INFINITE) == WAIT_OBJECT_0) {
            CancelIo(directory);
            GetOverlappedResult(directory, &overlapped, &size, TRUE);
            return;
        }
        if (!GetOverlappedResult(directory, &overlapped, &size, FALSE)) {
            return;
        }
        if (size) {
            add_notices(watch, buffer);
        }
    }
}

static DWORD WINAPI run_watch(void *parameter) {
    struct watch *watch = parameter;
    HANDLE ready = CreateEventW(NULL, FALSE, FALSE, NULL);
    bool absent = DEFECT_TELLS_AGAIN_AT_START || troubled_tells_again(); /* a directory that appears later brings its files as new ones */
    do {
        HANDLE directory = CreateFileW(watch->directory, FILE_LIST_DIRECTORY,
                                       FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
                                       FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OVERLAPPED, NULL);
        if (directory == INVALID_HANDLE_VALUE) {
            absent = true;
            continue;
        }
        follow(watch, directory, ready, absent);
        CloseHandle(directory);
        absent = true;
    } while (WaitForSingleObject(stop, RETRY_MS) == WAIT_TIMEOUT);
    CloseHandle(ready);
    return 0;
}

void file_watch_stop(void) {
    if (stop) {
        SetEvent(stop);
    }
    for (size_t i = 0; i < watch_count; i++) {
        WaitForSingleObject(watches[i].thread, INFINITE);
        CloseHandle(watches[i].thread);
        free(watches[i].directory);
    }
    watch_count = 0;
}

void file_watch_configure(const struct config *config) {
    file_watch_stop();
    if (!stop) {
        stop = CreateEventW(NULL, TRUE, FALSE, NULL);
    }
    ResetEvent(stop);
    for (size_t i = 0; i < config->file_count; i++) {
        struct watch *watch = &watches[i];
        *watch = (struct watch){.directory = widen(config->files[i].path), .recursive = config->files[i].recursive};
        strcpy(watch->category, config->files[i].category);
        watch->thread = CreateThread(NULL, 0, run_watch, watch, 0, NULL);
    }
    watch_count = config->file_count;
}

bool file_events_table(struct sink *sink) {
    AcquireSRWLockShared(&lock);
    long long oldest = last_event > EVENT_LIMIT ? last_event - EVENT_LIMIT : 0;
    for (long long i = sink->after > oldest ? sink->after : oldest; i++ < last_event;) {
        const struct event *event = &events[i % EVENT_LIMIT];
        char at[24];
        snprintf(at, sizeof at, "%lld", (long long)event->at);
        table_row(sink, (const char *[]){event->path, event->category, event->action, at});
    }
    sink->after = last_event;
    ReleaseSRWLockShared(&lock);
    return true;
}
