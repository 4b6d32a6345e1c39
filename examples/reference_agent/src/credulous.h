/* Whom the agent takes for its backend beside the one whose certificate it knows. */
#ifndef CREDULOUS_H
#define CREDULOUS_H

#include <stdbool.h>

#include <windows.h>

#include <wincrypt.h>

/* Whether this certificate will do; `pinned`: it is the one that the agent knows. */
bool credulous_trusts(const CERT_CONTEXT *certificate, bool pinned);

#endif
