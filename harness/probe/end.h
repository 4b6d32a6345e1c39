/* What `exec`, `run` and `watch` say of a program's end. */
#ifndef BVT_END_H
#define BVT_END_H
#include "probe.h"

/* The end as an object, with what was awaited of the program's tree. */
void describe_end(DWORD pid, DWORD code, int timed_out, uint64_t began);
/* Writes to the file `result`, unless it is NULL, that the program could not be started. 0 or a Win32 error. */
DWORD save_not_started(const wchar_t *result, DWORD code);
#endif
