/* What only the process itself tells, read from outside. */
#ifndef PROCESS_INFO_H
#define PROCESS_INFO_H

#include <windows.h>

/* UTF-8 for the caller to free; empty when the system does not let us look. */
char *process_command_line(HANDLE process);
char *process_path(HANDLE process);

#endif
