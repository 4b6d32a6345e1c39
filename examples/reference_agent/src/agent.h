/* The agent proper: runs until `stop` is set. */
#ifndef AGENT_H
#define AGENT_H

#include <windows.h>

void agent_run(HANDLE stop);

#endif
