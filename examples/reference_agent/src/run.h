/* Runs a system program without a window. */
#ifndef RUN_H
#define RUN_H

#include <stdbool.h>
#include <wchar.h>

/* True if it ended with 0 in time. `arguments` follow the program's name; the program is looked for in System32 only. */
bool run_system_program(const wchar_t *program, const wchar_t *arguments);

#endif
