/* Host isolation: the Windows Firewall, or below Wine the system's packet filter, lets nothing out but the way to the
 * backend. */
#ifndef ISOLATION_H
#define ISOLATION_H

#include <stdbool.h>

#include "settings.h"

/* Makes it so and reports "isolation engaged enforced=yes|no" or "isolation released enforced=yes|no"; does nothing if
 * it is so already. "no" means that the filter does not show what was asked of it. */
void isolation_set(bool wanted, const struct settings *settings);
/* For uninstall: takes back what an earlier run may have left, silently. */
void isolation_undo(void);

#endif
