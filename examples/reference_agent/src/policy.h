/* The configuration in force: taken from the backend, validated, kept on disk for the next start. */
#ifndef POLICY_H
#define POLICY_H

#include <stdbool.h>

#include "config.h"
#include "settings.h"

/* The last good configuration of an earlier run, or the initial one. */
void policy_open(const struct settings *settings);
/* Validates what the backend serves; puts it in force or rejects it, reporting either once. */
void policy_offer(const char *bytes, size_t length, const struct settings *settings);
const struct config *policy(void);
bool policy_was_changed(void); /* whether the backend offered another one since the process started; for a defect */

#endif
