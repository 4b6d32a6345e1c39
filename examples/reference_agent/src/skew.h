/* What becomes of events and answers on their way. Each of it is a defect by name; without defects nothing changes. */
#ifndef SKEW_H
#define SKEW_H

#include "text.h"

char *skew_command_line(char *line);
void skew_path(char *path);
const char *skew_action(const char *action); /* of a changed file; NULL: not told */
void skew_line(char *line);                  /* a finished line of results */
void skew_batch(struct text *data);          /* lines that are about to be sent */

#endif
