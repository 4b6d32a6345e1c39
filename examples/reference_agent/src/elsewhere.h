/* What a candidate does to the machine outside of its own places. Without defects and traits both do nothing. */
#ifndef ELSEWHERE_H
#define ELSEWHERE_H

void elsewhere_start(void); /* when the agent starts */
void elsewhere_purge(void); /* at the end of --purge */

#endif
