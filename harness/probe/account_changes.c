/* The stimuli that change local accounts ("NetUserAdd function", "NetLocalGroupAdd function"). */
#include "stimulate.h"

#include <lm.h>
#include <string.h>

#define NETAPI(name) \
  __typeof__(&name) call_##name = (__typeof__(&name))(void *)optional_function(L"netapi32.dll", #name)

static int unsupported(void) {
  return on_wine() ? fail("Wine keeps accounts within one process only", ERROR_NOT_SUPPORTED) : 0;
}

/* Nobody is ever told this password; its ends satisfy the complexity rule. */
static void random_password(wchar_t *password, size_t units) {
  BOOLEAN(WINAPI * random)(void *, ULONG) = (void *)optional_function(L"advapi32.dll", "SystemFunction036");
  BYTE bytes[32] = {0};
  if (random) random(bytes, sizeof bytes);
  for (size_t i = 0; i < units - 1; i++) password[i] = (wchar_t)('a' + bytes[i % 32] % 26);
  memcpy(password, L"A7-", 3 * sizeof *password);
  password[units - 1] = 0;
}

int add_user(const stimulus *wanted) {
  NETAPI(NetUserAdd);
  wchar_t password[24];
  if (unsupported()) return 1;
  random_password(password, 24);
  USER_INFO_1 user = {.usri1_name = copy_text(wanted->short_name),
                      .usri1_password = password,
                      .usri1_priv = USER_PRIV_USER,
                      .usri1_comment = copy_text(wanted->nonce),
                      .usri1_flags = UF_SCRIPT | UF_NORMAL_ACCOUNT};
  DWORD status = call_NetUserAdd ? call_NetUserAdd(NULL, 1, (BYTE *)&user, NULL) : ERROR_NOT_SUPPORTED;
  SecureZeroMemory(password, sizeof password);
  if (status) return fail("NetUserAdd", status);
  json_text("name", wanted->short_name);
  return 0;
}

int remove_user(const stimulus *wanted) {
  NETAPI(NetUserDel);
  if (unsupported()) return 1;
  DWORD status = call_NetUserDel ? call_NetUserDel(NULL, wanted->short_name) : ERROR_NOT_SUPPORTED;
  return status && status != NERR_UserNotFound ? fail("NetUserDel", status) : 0;
}

int add_group(const stimulus *wanted) {
  NETAPI(NetLocalGroupAdd);
  if (unsupported()) return 1;
  LOCALGROUP_INFO_1 group = {copy_text(wanted->short_name), copy_text(wanted->nonce)};
  DWORD status = call_NetLocalGroupAdd ? call_NetLocalGroupAdd(NULL, 1, (BYTE *)&group, NULL) : ERROR_NOT_SUPPORTED;
  if (status) return fail("NetLocalGroupAdd", status);
  json_text("name", wanted->short_name);
  return 0;
}

int remove_group(const stimulus *wanted) {
  NETAPI(NetLocalGroupDel);
  if (unsupported()) return 1;
  DWORD status = call_NetLocalGroupDel ? call_NetLocalGroupDel(NULL, wanted->short_name) : ERROR_NOT_SUPPORTED;
  return status && status != NERR_GroupNotFound && status != ERROR_NO_SUCH_ALIAS ? fail("NetLocalGroupDel", status) : 0;
}
