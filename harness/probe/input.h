/* What comes on standard input. */
#ifndef BVT_INPUT_H
#define BVT_INPUT_H
#include "probe.h"

/* All of it, zero-terminated beyond its end, kept for good; NULL, with what fail() is told, if it is too long. */
char *read_input(DWORD *size);
/* The next lines up to and with an empty one, kept until the next call; NULL at the end of the input. */
const char *read_question(DWORD *size);
#endif
