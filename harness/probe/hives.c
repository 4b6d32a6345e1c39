/* save-hives: HKEY_LOCAL_MACHINE and HKEY_USERS as files, in whatever format the system saves keys. */
#include "probe.h"

#include <stdlib.h>

/* Whether this process may read past what keys and files permit: only while it saves, for it may serve on. */
static DWORD permit_backup(int permitted) {
  HANDLE token;
  TOKEN_PRIVILEGES wanted = {.PrivilegeCount = 1};
  DWORD error = 0;
  wanted.Privileges[0].Attributes = permitted ? SE_PRIVILEGE_ENABLED : 0;
  if (!OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES, &token)) return GetLastError();
  if (!LookupPrivilegeValueW(NULL, L"SeBackupPrivilege", &wanted.Privileges[0].Luid) ||
      !AdjustTokenPrivileges(token, FALSE, &wanted, 0, NULL, NULL) || GetLastError() == ERROR_NOT_ALL_ASSIGNED)
    error = GetLastError();
  CloseHandle(token);
  return error;
}

static int save_hives(const wchar_t *folder) {
  static const struct {
    HKEY root;
    const wchar_t *name;
  } hives[] = {{HKEY_LOCAL_MACHINE, L"\\machine.reg"}, {HKEY_USERS, L"\\users.reg"}};
  DWORD error;
  if (!CreateDirectoryW(folder, NULL) && GetLastError() != ERROR_ALREADY_EXISTS)
    return fail("CreateDirectory", GetLastError());
  json_object(NULL);
  for (size_t i = 0; i < sizeof hives / sizeof *hives; i++) {
    wchar_t *file = join_text(folder, hives[i].name, NULL);
    DeleteFileW(file); /* RegSaveKey writes over nothing */
    error = (DWORD)RegSaveKeyW(hives[i].root, file, NULL);
    if (error) return fail("RegSaveKey", error);
    json_text(i ? "users" : "machine", file);
    free(file);
  }
  json_end();
  return 0;
}

int save_hives_command(arguments *given) {
  DWORD error;
  if (given->count != 1) return fail("save-hives takes one folder", ERROR_INVALID_PARAMETER);
  if ((error = permit_backup(1))) return fail("SeBackupPrivilege", error);
  int failed = save_hives(given->items[0]);
  permit_backup(0);
  return failed;
}
