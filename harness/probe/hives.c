/* save-hives: HKEY_LOCAL_MACHINE and HKEY_USERS as files, in whatever format the system saves keys. */
#include "probe.h"

#include <stdlib.h>

static DWORD permit_backup(void) {
  HANDLE token;
  TOKEN_PRIVILEGES wanted = {.PrivilegeCount = 1, .Privileges[0].Attributes = SE_PRIVILEGE_ENABLED};
  DWORD error = 0;
  if (!OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES, &token)) return GetLastError();
  if (!LookupPrivilegeValueW(NULL, L"SeBackupPrivilege", &wanted.Privileges[0].Luid) ||
      !AdjustTokenPrivileges(token, FALSE, &wanted, 0, NULL, NULL) || GetLastError() == ERROR_NOT_ALL_ASSIGNED)
    error = GetLastError();
  CloseHandle(token);
  return error;
}

int save_hives_command(arguments *given) {
  static const struct {
    HKEY root;
    const wchar_t *name;
  } hives[] = {{HKEY_LOCAL_MACHINE, L"\\machine.reg"}, {HKEY_USERS, L"\\users.reg"}};
  DWORD error;
  if (given->count != 1) return fail("save-hives takes one folder", ERROR_INVALID_PARAMETER);
  if ((error = permit_backup())) return fail("SeBackupPrivilege", error);
  if (!CreateDirectoryW(given->items[0], NULL) && GetLastError() != ERROR_ALREADY_EXISTS)
    return fail("CreateDirectory", GetLastError());
  json_object(NULL);
  for (size_t i = 0; i < sizeof hives / sizeof *hives; i++) {
    wchar_t *file = join_text(given->items[0], hives[i].name, NULL);
    DeleteFileW(file); /* RegSaveKey writes over nothing */
    error = (DWORD)RegSaveKeyW(hives[i].root, file, NULL);
    if (error) return fail("RegSaveKey", error);
    json_text(i ? "users" : "machine", file);
    free(file);
  }
  json_end();
  return 0;
}
