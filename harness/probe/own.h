#ifndef BVT_OWN_H
#define BVT_OWN_H
#include "probe.h"

/* What a command line asks this very program for, by its name and content; NULL if it starts another program. If it
 * does not, own_path() is the file that it names from now on. `cmd.exe /c` before it changes nothing. */
const wchar_t *own_command(const wchar_t *command_line);
#endif
