/* What a candidate takes of the machine that it should not. Without defects nothing. */
#ifndef GREEDY_H
#define GREEDY_H

void greedy_configured(void); /* at each configuration; acts once */

#endif
