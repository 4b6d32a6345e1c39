/* Runs the configured queries when they are due and puts what has changed into the outbox. */
#ifndef SCHEDULE_H
#define SCHEDULE_H

#include "config.h"

/* A query whose name, interval and content stay the same keeps what it has seen. */
void schedule_configure(const struct config *config);
/* Runs what is due at `now` (milliseconds of GetTickCount64); returns when the next is due. */
unsigned long long schedule_run(unsigned long long now);
/* Everything is due at once. Only a defect needs it. */
void schedule_hurry(void);

#endif
