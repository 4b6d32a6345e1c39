/* SHA-256 by the system's CNG. */
#ifndef DIGEST_H
#define DIGEST_H

#include <stdbool.h>
#include <windows.h>

enum { DIGEST_SIZE = 32 };

bool sha256(const void *bytes, DWORD count, BYTE digest[DIGEST_SIZE]);
void digest_hex(const BYTE digest[DIGEST_SIZE], char hex[2 * DIGEST_SIZE + 1]);

#endif
