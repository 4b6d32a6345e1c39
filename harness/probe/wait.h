#ifndef BVT_WAIT_H
#define BVT_WAIT_H
#include "probe.h"

/* The file's bytes as soon as it exists and is readable; NULL with *error set. The caller frees. */
char *wait_for_file(const wchar_t *path, DWORD timeout_ms, DWORD *size, DWORD *error);
#endif
