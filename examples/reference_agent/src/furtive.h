/* What the agent takes, opens, runs and tells where nobody asks it to, in use. It is gone when the agent is. Each of it is
 * a defect by name. */
#ifndef FURTIVE_H
#define FURTIVE_H

#include <windows.h>

#include "settings.h"

void furtive_start(void);      /* when the agent starts */
void furtive_configured(void); /* once, when it is configured for the first time */
void furtive_reconfigured(void); /* a later configuration is about to be in force */
void furtive_polled(void);     /* each time that it has fetched its configuration */
void furtive_enrolled(const wchar_t *node_key);
void furtive_purge(void);

#endif
