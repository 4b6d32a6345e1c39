/* What a candidate does with its secrets that it should not. Without defects nothing. */
#ifndef INDISCREET_H
#define INDISCREET_H

void indiscreet_enrolled(const char *secret, const char *node_key);

#endif
