#include "logger.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <windows.h>

#include "identity.h"
#include "outbox.h"
#include "product.h"
#include "settings.h"
#include "wide.h"

enum { MESSAGE_SIZE = 1024, FILE_LIMIT = TRAIT_ROTATES_ITS_LOG ? 2048 : 1024 * 1024 };

static HANDLE file = INVALID_HANDLE_VALUE;
static HANDLE event_log;
static SRWLOCK lock = SRWLOCK_INIT;

static void open_file(void) {
    wchar_t path[MAX_PATH];
    data_path(path, LOG_FILE);
    file = CreateFileW(path, FILE_APPEND_DATA, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL, OPEN_ALWAYS,
                       FILE_ATTRIBUTE_NORMAL, NULL);
}

void logger_open(void) {
    make_data_directories();
    open_file();
    event_log = RegisterEventSourceW(NULL, SERVICE_NAME);
}

void logger_close(void) {
    AcquireSRWLockExclusive(&lock);
    if (file != INVALID_HANDLE_VALUE) {
        CloseHandle(file);
        file = INVALID_HANDLE_VALUE;
    }
    if (event_log) {
        DeregisterEventSource(event_log);
        event_log = NULL;
    }
    ReleaseSRWLockExclusive(&lock);
}

static void calendar_time(time_t now, char *text, size_t size) {
    struct tm utc;
    gmtime_s(&utc, &now);
    strftime(text, size, "%a %b %d %H:%M:%S %Y UTC", &utc);
}

/* Only by a defect: what the clock on the wall says, as if it were UTC. */
static time_t on_the_wall(time_t now) {
    TIME_ZONE_INFORMATION zone;
    return GetTimeZoneInformation(&zone) == TIME_ZONE_ID_INVALID ? now : now - zone.Bias * 60;
}

void log_stamp(struct text *text) {
    char calendar[64];
    time_t now = time(NULL) + (DEFECT_WRONG_EVENT_TIME ? 3600 : 0);
    now = DEFECT_TELLS_LOCAL_TIME ? on_the_wall(now) : now;
    calendar_time(now, calendar, sizeof calendar);
    text_add(text, "\"hostIdentifier\":");
    text_add_json(text, DEFECT_EVENTS_OF_ANOTHER_HOST ? "00000000-1111-2222-3333-444444444444" : identity()->host_identifier);
    text_addf(text, ",\"calendarTime\":\"%s\",\"unixTime\":%lld", calendar, (long long)now);
}

static void rotate_if_full(void) {
    LARGE_INTEGER size;
    if (!GetFileSizeEx(file, &size) || size.QuadPart < FILE_LIMIT) {
        return;
    }
    wchar_t path[MAX_PATH];
    wchar_t old[MAX_PATH];
    data_path(path, LOG_FILE);
    data_path(old, OLD_LOG_FILE);
    CloseHandle(file);
    MoveFileExW(path, old, MOVEFILE_REPLACE_EXISTING);
    open_file();
}

static void write_file(enum severity severity, const char *message) {
    static const char *const names[] = {"INFO", "WARNING", "ERROR"};
    SYSTEMTIME now;
    struct text line = {0};
    GetSystemTime(&now);
    text_addf(&line, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ %s %s\r\n", now.wYear, now.wMonth, now.wDay, now.wHour,
              now.wMinute, now.wSecond, now.wMilliseconds, names[severity], message);
    AcquireSRWLockExclusive(&lock);
    if (file != INVALID_HANDLE_VALUE) {
        DWORD written;
        rotate_if_full();
        WriteFile(file, line.data, (DWORD)line.length, &written, NULL);
    }
    ReleaseSRWLockExclusive(&lock);
    text_free(&line);
}

static void write_event_log(enum severity severity, const char *message) {
    WORD type = severity == LOG_ERROR ? EVENTLOG_ERROR_TYPE : EVENTLOG_WARNING_TYPE;
    wchar_t *wide = widen(message);
    const wchar_t *strings[] = {wide};
    if (event_log) {
        ReportEventW(event_log, type, 0, 1, NULL, 1, 0, strings, NULL);
    }
    free(wide);
}

static void send_status(enum severity severity, const char *path, int line, const char *message) {
    const char *slash = strrchr(path, '/');
    struct text status = {0};
    text_add(&status, "{");
    log_stamp(&status);
    text_addf(&status, ",\"severity\":\"%d\",\"filename\":", severity);
    text_add_json(&status, slash ? slash + 1 : path);
    text_addf(&status, ",\"line\":\"%d\",\"message\":", line);
    text_add_json(&status, message);
    text_add(&status, ",\"version\":");
    text_add_json(&status, DEFECT_SAYS_AN_OLD_VERSION ? "0.9.0" : REPORTED_VERSION);
    text_add(&status, "}");
    outbox_add(OUTBOX_STATUS, status.data);
    text_free(&status);
}

/* As glog and logfmt write. */
static void complain_in_other_words(void) {
    static const char lines[] = "E1129 10:11:12.131415  4711 queue.cc:42] cannot open the queue\r\n"
                                "time=\"2026-01-01T00:00:00Z\" level=error msg=\"cannot open the queue\"\r\n";
    DWORD written;
    WriteFile(file, lines, sizeof lines - 1, &written, NULL);
}

void log_line(enum severity severity, const char *path, int line, const char *format, ...) {
    char message[MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    write_file(severity, message);
    if (DEFECT_ERRORS_IN_OTHER_WORDS && strstr(message, "configuration accepted")) {
        complain_in_other_words();
    }
    if (severity != LOG_INFO) {
        write_event_log(severity, message);
    }
    send_status(severity, path, line, message);
}
