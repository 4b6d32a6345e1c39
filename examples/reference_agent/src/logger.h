/* The agent's own log: a file in ProgramData\BVT\ReferenceAgent\logs, the Event Log for what an administrator should
 * see, and status lines for the backend. Never give it a secret. */
#ifndef LOGGER_H
#define LOGGER_H

#include <stdbool.h>

#include "text.h"

enum severity { LOG_INFO, LOG_WARNING, LOG_ERROR }; /* osquery's numbers */

void logger_open(void);
void logger_close(void);

/* To the log file and to the backend as a status line; warnings and errors also to the Event Log. */
#define log_info(...) log_line(LOG_INFO, __FILE__, __LINE__, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __FILE__, __LINE__, __VA_ARGS__)
#define log_error(...) log_line(LOG_ERROR, __FILE__, __LINE__, __VA_ARGS__)
void log_line(enum severity severity, const char *file, int line, const char *format, ...)
    __attribute__((format(gnu_printf, 4, 5)));

/* Adds "hostIdentifier":…,"calendarTime":…,"unixTime":… of now, the fields every log line starts with. */
void log_stamp(struct text *text);

/* The log's own file and its predecessor, as they are named on disk. */
#define LOG_FILE L"logs\\agent.log"
#define OLD_LOG_FILE L"logs\\agent.log.1"

#endif
