/* What a candidate with a named defect does beside its work. Without defects both do nothing. */
#ifndef DEFECTIVE_H
#define DEFECTIVE_H

void defective_start(void);     /* when the agent starts */
void defective_forgotten(void); /* when the backend does not know the node any more */
int defective_purge(void);      /* at the end of --purge; its exit code */

#endif
