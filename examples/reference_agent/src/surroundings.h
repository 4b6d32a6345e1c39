/* What every program of the machine relies on, and what a candidate with a defect does to it. */
#ifndef SURROUNDINGS_H
#define SURROUNDINGS_H

void surroundings_ruin(void);  /* when the agent starts; without defects nothing */
void surroundings_leave(void); /* a variable and an entry of PATH that nobody takes away */

#endif
