/* How a good candidate keeps company with its host and its backend: a trait each. Without traits all of it does nothing. */
#ifndef LEISURELY_H
#define LEISURELY_H

#include <windows.h>

void leisurely_start(void); /* of the service, before anything else */
int leisurely_enter(void); /* while it is installed: the task that runs it, in a service's place */
void leisurely_purge(void);
unsigned leisurely_pause(unsigned pause_ms);
/* Whether what is waiting goes out now: enough of it, or for long enough. */
BOOL leisurely_sends(int waiting, unsigned long long now);

#endif
