/* The stimuli that change what is stored: a service, a file, the registry, a task, a permission, a firewall rule. */
#include <aclapi.h>
#include <stdlib.h>
#include <string.h>

#include "registry.h"
#include "schedule.h"
#include "stimulate.h"

static const wchar_t registry_path[] = L"Software\\BvtStimulus";

int create_service(const stimulus *wanted) {
  SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CREATE_SERVICE);
  if (!manager) return fail("OpenSCManager", GetLastError());
  wchar_t *path = join_text(L"\"", own_path(), L"\" version", NULL);
  SC_HANDLE service = CreateServiceW(manager, wanted->name, wanted->name, SERVICE_ALL_ACCESS, SERVICE_WIN32_OWN_PROCESS,
                                     SERVICE_DEMAND_START, SERVICE_ERROR_NORMAL, path, NULL, NULL, NULL, NULL, NULL);
  DWORD error = GetLastError();
  CloseServiceHandle(manager);
  if (!service) return fail("CreateService", error);
  CloseServiceHandle(service);
  json_text("name", wanted->name);
  json_text("display_name", wanted->name);
  json_text("path", path);
  return 0;
}

int delete_service(const stimulus *wanted) {
  SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
  if (!manager) return fail("OpenSCManager", GetLastError());
  SC_HANDLE service = OpenServiceW(manager, wanted->name, DELETE);
  DWORD error = service && DeleteService(service) ? 0 : GetLastError();
  if (service) CloseServiceHandle(service);
  CloseServiceHandle(manager);
  return error && error != ERROR_SERVICE_DOES_NOT_EXIST ? fail("DeleteService", error) : 0;
}

static DWORD write_text(const wchar_t *path, const wchar_t *text) {
  DWORD wrote, error = 0;
  int bytes = WideCharToMultiByte(CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL);
  if (bytes < 1) return GetLastError();
  char *utf8 = allocate((size_t)bytes);
  WideCharToMultiByte(CP_UTF8, 0, text, -1, utf8, bytes, NULL, NULL);
  HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
  if (file == INVALID_HANDLE_VALUE) error = GetLastError();
  else {
    if (!WriteFile(file, utf8, (DWORD)bytes - 1, &wrote, NULL)) error = GetLastError();
    CloseHandle(file);
  }
  free(utf8);
  return error;
}

static int remove_with_suffix(const stimulus *wanted, const wchar_t *suffix) {
  wchar_t *path = stimulus_file(wanted, suffix);
  if (DeleteFileW(path) || GetLastError() == ERROR_FILE_NOT_FOUND) return 0;
  return fail("DeleteFile", GetLastError());
}

int write_file(const stimulus *wanted) {
  wchar_t *path = stimulus_file(wanted, L".txt");
  DWORD error = write_text(path, wanted->nonce);
  if (error) return fail("cannot write the file", error);
  json_text("path", path);
  return 0;
}

int remove_file(const stimulus *wanted) { return remove_with_suffix(wanted, L".txt"); }

int write_registry(const stimulus *wanted) {
  HKEY key;
  LSTATUS status = RegCreateKeyExW(HKEY_LOCAL_MACHINE, registry_path, 0, NULL, 0, KEY_WRITE | KEY_WOW64_64KEY, NULL,
                                   &key, NULL);
  if (status) return fail("RegCreateKeyEx", (DWORD)status);
  const wchar_t *data = join_text(wanted->padding, wanted->name, NULL);
  status = RegSetValueExW(key, wanted->nonce, 0, REG_SZ, (const BYTE *)data, (DWORD)((wcslen(data) + 1) * sizeof *data));
  RegCloseKey(key);
  if (status) return fail("RegSetValueEx", (DWORD)status);
  wchar_t *full = join_text(L"HKEY_LOCAL_MACHINE\\", registry_path, NULL);
  json_text("key", full);
  json_text("name", wanted->nonce);
  json_text("data", data);
  return 0;
}

int remove_registry(const stimulus *wanted) {
  HKEY key;
  DWORD values = 1;
  if (RegOpenKeyExW(HKEY_LOCAL_MACHINE, registry_path, 0, KEY_READ | KEY_WRITE | KEY_WOW64_64KEY, &key)) return 0;
  LSTATUS status = RegDeleteValueW(key, wanted->nonce);
  RegQueryInfoKeyW(key, NULL, NULL, NULL, NULL, NULL, NULL, &values, NULL, NULL, NULL, NULL);
  RegCloseKey(key);
  if (!values) RegDeleteKeyExW(HKEY_LOCAL_MACHINE, registry_path, KEY_WOW64_64KEY, 0);
  return status && status != ERROR_FILE_NOT_FOUND ? fail("RegDeleteValue", (DWORD)status) : 0;
}

int register_task(const stimulus *wanted) {
  free(stimulus_file(wanted, L""));
  DWORD error = create_task(wanted->name, STIMULUS_FOLDER, own_path(), L"version");
  if (error) return fail("schtasks /create", error);
  wchar_t *unexpanded = join_text(L"%SystemRoot%\\System32\\Tasks\\", wanted->name, NULL);
  wchar_t *path = expand_text(unexpanded);
  if (GetFileAttributesW(path) == INVALID_FILE_ATTRIBUTES) return fail("the task has no file", GetLastError());
  json_text("name", wanted->name);
  json_text("path", path);
  return 0;
}

int remove_task(const stimulus *wanted) {
  wchar_t *unexpanded = join_text(L"%SystemRoot%\\System32\\Tasks\\", wanted->name, NULL);
  wchar_t *path = expand_text(unexpanded);
  if (GetFileAttributesW(path) == INVALID_FILE_ATTRIBUTES) return 0;
  DWORD error = delete_task(wanted->name);
  return error ? fail("schtasks /delete", error) : 0;
}

int open_permission(const stimulus *wanted) {
  wchar_t *path = stimulus_file(wanted, L".open.txt");
  BYTE everyone[SECURITY_MAX_SID_SIZE];
  DWORD size = sizeof everyone, error = write_text(path, wanted->nonce);
  PACL before = NULL, after = NULL;
  PSECURITY_DESCRIPTOR descriptor = NULL;
  if (error) return fail("cannot write the file", error);
  CreateWellKnownSid(WinWorldSid, NULL, everyone, &size);
  EXPLICIT_ACCESSW access = {.grfAccessPermissions = FILE_ALL_ACCESS, .grfAccessMode = GRANT_ACCESS};
  access.Trustee.TrusteeForm = TRUSTEE_IS_SID;
  access.Trustee.TrusteeType = TRUSTEE_IS_WELL_KNOWN_GROUP;
  access.Trustee.ptstrName = (wchar_t *)everyone;
  error = GetNamedSecurityInfoW(path, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, NULL, NULL, &before, NULL, &descriptor);
  if (!error) error = SetEntriesInAclW(1, &access, before, &after);
  if (!error) error = SetNamedSecurityInfoW(path, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, NULL, NULL, after, NULL);
  LocalFree(after);
  LocalFree(descriptor);
  if (error) return fail("cannot open the file to everyone", error);
  json_text("path", path);
  return 0;
}

int remove_permission(const stimulus *wanted) { return remove_with_suffix(wanted, L".open.txt"); }

/* Whether the firewall keeps a rule of that name; netsh under Wine says yes to everything. */
static int rule_stored(const wchar_t *name) {
  static const wchar_t rules[] =
      L"SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\FirewallRules";
  HKEY key = registry_open(HKEY_LOCAL_MACHINE, rules);
  wchar_t *mark = join_text(L"|Name=", name, L"|", NULL);
  int found = 0;
  for (DWORD n = 0; key && !found; n++) {
    wchar_t value[256];
    DWORD units = 256, type, size;
    if (RegEnumValueW(key, n, value, &units, NULL, NULL, NULL, NULL)) break;
    BYTE *bytes = registry_bytes(key, value, &type, &size);
    found = bytes && type == REG_SZ && wcsstr((wchar_t *)bytes, mark);
    free(bytes);
  }
  if (key) RegCloseKey(key);
  free(mark);
  return found;
}

int add_firewall_rule(const stimulus *wanted) { /* 203.0.113.0/24 is reserved for documentation (RFC 5737) */
  DWORD error = run_hidden(join_text(system_program(L"netsh.exe"), L" advfirewall firewall add rule name=", wanted->name,
                                     L" dir=in action=block protocol=TCP localport=9 remoteip=203.0.113.1", NULL));
  if (error) return fail("netsh advfirewall firewall add rule", error);
  if (!rule_stored(wanted->name)) return fail("the system keeps no firewall rules", ERROR_NOT_SUPPORTED);
  json_text("name", wanted->name);
  return 0;
}

int remove_firewall_rule(const stimulus *wanted) {
  if (!rule_stored(wanted->name)) return 0;
  DWORD error = run_hidden(join_text(system_program(L"netsh.exe"), L" advfirewall firewall delete rule name=", wanted->name, NULL));
  return error ? fail("netsh advfirewall firewall delete rule", error) : 0;
}
