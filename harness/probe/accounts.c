/* users, groups: local accounts ("NetUserEnum function", "NetLocalGroupEnum function"). */
#include <stdlib.h>

#include "probe.h"
#include "security.h"

#include <lm.h>

static const wchar_t library[] = L"netapi32.dll";
typedef NET_API_STATUS(WINAPI *enumerate_users)(LPCWSTR, DWORD, DWORD, LPBYTE *, DWORD, LPDWORD, LPDWORD, LPDWORD);
typedef NET_API_STATUS(WINAPI *enumerate_groups)(LPCWSTR, DWORD, LPBYTE *, DWORD, LPDWORD, LPDWORD, PDWORD_PTR);
typedef NET_API_STATUS(WINAPI *get_members)(LPCWSTR, LPCWSTR, DWORD, LPBYTE *, DWORD, LPDWORD, LPDWORD, PDWORD_PTR);
typedef NET_API_STATUS(WINAPI *free_buffer)(LPVOID);

static void release(void *memory) {
  free_buffer give_back = (free_buffer)(void *)optional_function(library, "NetApiBufferFree");
  if (memory && give_back) give_back(memory);
}

static void account_sid(const wchar_t *name) {
  BYTE sid[SECURITY_MAX_SID_SIZE];
  wchar_t domain[257];
  DWORD bytes = sizeof sid, units = 257;
  SID_NAME_USE use;
  json_sid("sid", LookupAccountNameW(NULL, name, sid, &bytes, domain, &units, &use) ? sid : NULL);
}

int users_command(arguments *given) {
  enumerate_users enumerate = (enumerate_users)(void *)optional_function(library, "NetUserEnum");
  USER_INFO_1 *users = NULL;
  DWORD count = 0, total = 0, resume = 0;
  (void)given;
  if (!enumerate) return fail("NetUserEnum", ERROR_NOT_SUPPORTED);
  NET_API_STATUS status =
      enumerate(NULL, 1, FILTER_NORMAL_ACCOUNT, (BYTE **)&users, MAX_PREFERRED_LENGTH, &count, &total, &resume);
  if (status) return fail("NetUserEnum", status);
  json_array(NULL);
  for (DWORD i = 0; i < count; i++) {
    json_object(NULL);
    json_text("name", users[i].usri1_name);
    json_text("comment", users[i].usri1_comment);
    json_unsigned("flags", users[i].usri1_flags);
    json_unsigned("privilege", users[i].usri1_priv);
    account_sid(users[i].usri1_name);
    json_end();
  }
  json_end();
  release(users);
  return 0;
}

static void members_of(const wchar_t *group) {
  get_members get = (get_members)(void *)optional_function(library, "NetLocalGroupGetMembers");
  LOCALGROUP_MEMBERS_INFO_3 *members = NULL;
  DWORD count = 0, total = 0;
  if (!get || get(NULL, group, 3, (BYTE **)&members, MAX_PREFERRED_LENGTH, &count, &total, NULL)) {
    json_null("members");
    return;
  }
  json_array("members");
  for (DWORD i = 0; i < count; i++) json_text(NULL, members[i].lgrmi3_domainandname);
  json_end();
  release(members);
}

int groups_command(arguments *given) {
  enumerate_groups enumerate = (enumerate_groups)(void *)optional_function(library, "NetLocalGroupEnum");
  LOCALGROUP_INFO_1 *groups = NULL;
  DWORD count = 0, total = 0;
  (void)given;
  if (!enumerate) return fail("NetLocalGroupEnum", ERROR_NOT_SUPPORTED);
  NET_API_STATUS status = enumerate(NULL, 1, (BYTE **)&groups, MAX_PREFERRED_LENGTH, &count, &total, NULL);
  if (status) return fail("NetLocalGroupEnum", status);
  json_array(NULL);
  for (DWORD i = 0; groups && i < count; i++) {
    json_object(NULL);
    json_text("name", groups[i].lgrpi1_name);
    json_text("comment", groups[i].lgrpi1_comment);
    members_of(groups[i].lgrpi1_name);
    json_end();
  }
  json_end();
  release(groups);
  return 0;
}
