/* Registry values as JSON. Always the 64-bit view. */
#ifndef BVT_REGISTRY_H
#define BVT_REGISTRY_H
#include "probe.h"

/* Writes the value, or null where it is absent: text for REG_SZ and REG_EXPAND_SZ (not expanded), a list for
 * REG_MULTI_SZ, a number for REG_DWORD and REG_QWORD, else hexadecimal text. */
void registry_value(const char *key, HKEY root, const wchar_t *path, const wchar_t *name);
void registry_value_of(const char *key, HKEY opened, const wchar_t *name);
/* The raw bytes, zero-terminated beyond their end; NULL if absent. The caller frees. */
BYTE *registry_bytes(HKEY opened, const wchar_t *name, DWORD *type, DWORD *size);
HKEY registry_open(HKEY root, const wchar_t *path); /* NULL if absent */
LSTATUS registry_open_full(const wchar_t *path, HKEY *opened); /* by its whole name, HKEY_LOCAL_MACHINE\... */
int registry_is_absent(LSTATUS status); /* of what opening said */
/* The n-th sub-key's name; the caller frees. NULL after the last. */
wchar_t *registry_child(HKEY opened, DWORD n);
#endif
