/* Lines waiting for the backend. Bounded: when the backend is away for long the oldest lines go, and are counted. */
#ifndef OUTBOX_H
#define OUTBOX_H

#include <stdbool.h>

#include "text.h"

enum outbox_kind { OUTBOX_RESULT, OUTBOX_STATUS, OUTBOX_KINDS };

extern const char *const OUTBOX_LOG_TYPES[OUTBOX_KINDS]; /* the protocol's log_type */

/* Takes a complete JSON object; any thread. */
void outbox_add(enum outbox_kind kind, const char *line);
/* Adds the oldest lines, comma-separated, to `data`; returns how many. They stay until outbox_sent. */
int outbox_peek(enum outbox_kind kind, struct text *data);
void outbox_sent(enum outbox_kind kind, int count);
int outbox_waiting(enum outbox_kind kind);
long outbox_lost(void);
/* What waits outlasts a stop of the service: put into a file at its end, and taken from there at its start. */
void outbox_store(void);
void outbox_restore(void);

#endif
