/* What the running agent tells about itself, by --status. Any thread. */
#ifndef STATUS_H
#define STATUS_H

#include <stdbool.h>

#include "text.h"

void status_enrolled(bool enrolled);
void status_contact(void); /* the backend answered just now */
void status_trouble(const char *what);
void status_configuration(const char *digest);
void status_isolation(bool engaged, bool enforced);
/* Adds one JSON object. Holds no secret. */
void status_add(struct text *text);

#endif
