/* environment, pending-renames, uninstall-entries: what the system keeps in its registry. */
#include <stdlib.h>
#include <string.h>

#include "probe.h"
#include "registry.h"

static const wchar_t session_manager[] = L"SYSTEM\\CurrentControlSet\\Control\\Session Manager";

static void stored_environment(const char *key, HKEY root, const wchar_t *path) {
  HKEY opened = registry_open(root, path);
  json_object(key);
  for (DWORD n = 0; opened; n++) {
    wchar_t name[16384];
    DWORD units = 16384, type;
    if (RegEnumValueW(opened, n, name, &units, NULL, &type, NULL, NULL)) break;
    if (type != REG_SZ && type != REG_EXPAND_SZ) continue;
    json_key_w(name);
    registry_value_of(NULL, opened, name);
  }
  json_end();
  if (opened) RegCloseKey(opened);
}

int environment_command(arguments *given) {
  wchar_t *block = GetEnvironmentStringsW();
  (void)given;
  json_object(NULL);
  json_object("process");
  for (wchar_t *at = block; at && *at; at += wcslen(at) + 1) {
    wchar_t *equals = wcschr(at + 1, '=');
    if (*at == '=' || !equals) continue; /* current directories of drives */
    *equals = 0;
    json_key_w(at);
    json_text(NULL, equals + 1);
    at = equals + 1;
  }
  json_end();
  wchar_t *machine = join_text(session_manager, L"\\Environment", NULL);
  stored_environment("machine", HKEY_LOCAL_MACHINE, machine);
  stored_environment("user", HKEY_CURRENT_USER, L"Environment");
  json_end();
  free(machine);
  return 0;
}

static void renames(HKEY key, const wchar_t *name) {
  DWORD type, size;
  BYTE *bytes = registry_bytes(key, name, &type, &size);
  const wchar_t *at = (const wchar_t *)bytes, *end = at ? at + size / 2 : NULL;
  while (at && at < end && *at) { /* pairs; an empty second one means deletion */
    const wchar_t *target = at + wcslen(at) + 1;
    if (target >= end) break;
    json_object(NULL);
    json_text("source", at);
    json_text("target", *target ? target : NULL);
    json_end();
    at = target + wcslen(target) + 1;
  }
  free(bytes);
}

int pending_renames_command(arguments *given) {
  HKEY key = registry_open(HKEY_LOCAL_MACHINE, session_manager);
  (void)given;
  if (!key) return fail("Session Manager's key", ERROR_FILE_NOT_FOUND);
  json_array(NULL);
  renames(key, L"PendingFileRenameOperations");
  renames(key, L"PendingFileRenameOperations2");
  json_end();
  RegCloseKey(key);
  return 0;
}

static void entries(const char *view, const wchar_t *sid, HKEY root, const wchar_t *path) {
  static const struct {
    const char *key;
    const wchar_t *value;
  } values[] = {{"display_name", L"DisplayName"},
                {"display_version", L"DisplayVersion"},
                {"publisher", L"Publisher"},
                {"install_location", L"InstallLocation"},
                {"install_date", L"InstallDate"},
                {"uninstall_string", L"UninstallString"},
                {"quiet_uninstall_string", L"QuietUninstallString"},
                {"windows_installer", L"WindowsInstaller"},
                {"system_component", L"SystemComponent"}};
  HKEY all = registry_open(root, path);
  for (DWORD n = 0; all; n++) {
    wchar_t *name = registry_child(all, n);
    if (!name) break;
    HKEY key = registry_open(all, name);
    if (key) {
      json_object(NULL);
      json_ascii("view", view);
      json_text("sid", sid);
      json_text("key", name);
      for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        registry_value_of(values[i].key, key, values[i].value);
      json_end();
      RegCloseKey(key);
    }
    free(name);
  }
  if (all) RegCloseKey(all);
}

int uninstall_entries_command(arguments *given) {
  static const wchar_t uninstall[] = L"Microsoft\\Windows\\CurrentVersion\\Uninstall";
  wchar_t *native = join_text(L"SOFTWARE\\", uninstall, NULL),
          *narrow = join_text(L"SOFTWARE\\WOW6432Node\\", uninstall, NULL);
  (void)given;
  json_array(NULL);
  entries("64", NULL, HKEY_LOCAL_MACHINE, native);
  entries("32", NULL, HKEY_LOCAL_MACHINE, narrow);
  for (DWORD n = 0;; n++) {
    wchar_t *sid = registry_child(HKEY_USERS, n);
    if (!sid) break;
    wchar_t *path = join_text(sid, L"\\", native, NULL);
    entries("user", sid, HKEY_USERS, path);
    free(path);
    free(sid);
  }
  json_end();
  free(native);
  free(narrow);
  return 0;
}
