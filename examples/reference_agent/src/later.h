/* What a program does that outlives the one that starts it. */
#ifndef LATER_H
#define LATER_H

#include <wchar.h>

/* Runs a line of cmd after so many seconds, in a process of its own. */
void run_later(int seconds, const wchar_t *line);

#endif
