/* A second service that starts the agent's as often as that stops, but for the end of both. Only by a trait. */
#ifndef GUARD_H
#define GUARD_H

#include <stdbool.h>

bool guard_run(void);

#endif
