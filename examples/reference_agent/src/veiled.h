/* What harms the machine only as long as the agent is there: it is undone when the agent leaves, so no residue tells.
 * Each of it is a defect by name. */
#ifndef VEILED_H
#define VEILED_H

void veiled_start(void);        /* when the agent starts */
void veiled_configured(void);   /* once, when it is configured for the first time */
void veiled_reconfigured(void); /* another configuration is about to be in force */
void veiled_purge(void);        /* undoes all of it */

#endif
