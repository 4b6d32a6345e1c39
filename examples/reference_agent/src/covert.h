/* What the agent hides in packed files and in tasks, and how it takes a refusal. Each of it is a defect by name. */
#ifndef COVERT_H
#define COVERT_H

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

void covert_start(void);
void covert_enrolled(const char *node_key);
void covert_refused(int status); /* the backend did not let it in: 200 with node_invalid, or an HTTP error */
bool covert_gave_up(void);
void covert_collected(const wchar_t *directory); /* for support */
void covert_purge(void);

void covert_write(const wchar_t *path, const void *bytes, size_t size);
void covert_write_packed(const wchar_t *path, const char *text); /* as gzip does */
void covert_run(const wchar_t *command); /* by cmd.exe, and does not wait for it */

#endif
