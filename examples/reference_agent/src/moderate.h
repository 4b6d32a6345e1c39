/* What a good candidate does up to a bound and not beyond: a trait each. Without traits all of them do nothing. */
#ifndef MODERATE_H
#define MODERATE_H

#include <wchar.h>

void moderate_start(void);
void moderate_enrolled(const char *node_key);
void moderate_stopped(void); /* at its orderly end */
void moderate_collected(const wchar_t *directory); /* for support */

#endif
