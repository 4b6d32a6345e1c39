/* What the agent hides in packed files and in tasks, and how it takes a refusal. Each of it is a defect by name. */
#ifndef COVERT_H
#define COVERT_H

#include <stdbool.h>
#include <wchar.h>

void covert_start(void);
void covert_enrolled(const char *node_key);
void covert_refused(int status); /* the backend did not let it in: 200 with node_invalid, or an HTTP error */
bool covert_gave_up(void);
void covert_collected(const wchar_t *directory); /* for support */
void covert_purge(void);

#endif
