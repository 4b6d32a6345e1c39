#include "security.h"

#include <sddl.h>
#include <stdlib.h>

void json_sddl(const char *key, PSECURITY_DESCRIPTOR descriptor, SECURITY_INFORMATION parts) {
  wchar_t *text = NULL;
  ConvertSecurityDescriptorToStringSecurityDescriptorW(descriptor, SDDL_REVISION_1, parts, &text, NULL);
  json_text(key, text);
  LocalFree(text);
}

void json_sid(const char *key, PSID sid) {
  wchar_t *text = NULL;
  if (sid) ConvertSidToStringSidW(sid, &text);
  json_text(key, text);
  LocalFree(text);
}

void json_account(const char *key, PSID sid) {
  wchar_t name[257], domain[257];
  DWORD name_units = 257, domain_units = 257;
  SID_NAME_USE use;
  if (!sid || !LookupAccountSidW(NULL, sid, name, &name_units, domain, &domain_units, &use)) {
    json_sid(key, sid);
    return;
  }
  wchar_t *full = *domain ? join_text(domain, L"\\", name, NULL) : copy_text(name);
  json_text(key, full);
  free(full);
}

void json_file_security(const wchar_t *path) {
  const SECURITY_INFORMATION parts =
      OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;
  DWORD size = 0;
  GetFileSecurityW(path, parts, NULL, 0, &size);
  PSECURITY_DESCRIPTOR descriptor = allocate(size);
  PSID owner = NULL;
  BOOL defaulted;
  if (size && GetFileSecurityW(path, parts, descriptor, size, &size)) {
    GetSecurityDescriptorOwner(descriptor, &owner, &defaulted);
    json_account("owner", owner);
    json_sddl("sddl", descriptor, parts);
  } else {
    json_null("owner");
    json_null("sddl");
  }
  free(descriptor);
}
