/* Security descriptors and account names as text. */
#ifndef BVT_SECURITY_H
#define BVT_SECURITY_H
#include "probe.h"

void json_sddl(const char *key, PSECURITY_DESCRIPTOR descriptor, SECURITY_INFORMATION parts);
void json_sid(const char *key, PSID sid);          /* S-1-… or null */
void json_account(const char *key, PSID sid);      /* DOMAIN\name, or S-1-… for one without a name */
void json_file_security(const wchar_t *path);      /* "owner" and "sddl" */
#endif
