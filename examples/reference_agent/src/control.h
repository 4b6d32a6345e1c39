/* The loopback command port: one line in ("status"), one line of JSON out. Its number is in the Runtime key. */
#ifndef CONTROL_H
#define CONTROL_H

#include <stdbool.h>

#include "text.h"

bool control_start(void);
void control_stop(void);
/* From the command line: asks the running service. False if it does not answer. */
bool control_ask(const char *command, struct text *answer);

#endif
