/* What goes wrong where few look: each of it is a defect by name, and without defects nothing happens. */
#ifndef SUBTLE_H
#define SUBTLE_H

#include <stdbool.h>

#include "settings.h"

void subtle_start(void);                                /* when the agent starts */
void subtle_enrolled(const char *secret);
void subtle_polled(const struct settings *settings);    /* each time that it has fetched its configuration */
void subtle_reconfigured(void);                         /* another configuration is about to be in force */
bool subtle_quiet(void);                                /* whether it says nothing now */
char *subtle_command_line(char *line);                  /* what it says of a program's command line; takes the memory */
void subtle_cut_value(char *data);                      /* what it says of a registry value */
void subtle_purge(void);

#endif
