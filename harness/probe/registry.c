/* Registry keys and values. */
#include "registry.h"

#include <stdlib.h>
#include <string.h>

#include "security.h"

HKEY registry_open(HKEY root, const wchar_t *path) {
  HKEY opened;
  return RegOpenKeyExW(root, path, 0, KEY_READ | KEY_WOW64_64KEY, &opened) ? NULL : opened;
}

wchar_t *registry_child(HKEY opened, DWORD n) {
  wchar_t name[256];
  DWORD units = 256;
  return RegEnumKeyExW(opened, n, name, &units, NULL, NULL, NULL, NULL) ? NULL : copy_text(name);
}

BYTE *registry_bytes(HKEY opened, const wchar_t *name, DWORD *type, DWORD *size) {
  *size = 0;
  if (RegQueryValueExW(opened, name, NULL, type, NULL, size)) return NULL;
  for (;;) {
    BYTE *bytes = allocate(*size + 4);
    LSTATUS status = RegQueryValueExW(opened, name, NULL, type, bytes, size);
    if (!status) return bytes;
    free(bytes);
    if (status != ERROR_MORE_DATA) return NULL;
  }
}

void registry_value_of(const char *key, HKEY opened, const wchar_t *name) {
  DWORD type, size;
  BYTE *bytes = registry_bytes(opened, name, &type, &size);
  const wchar_t *text = (const wchar_t *)bytes;
  if (!bytes) {
    json_null(key);
  } else if (type == REG_SZ || type == REG_EXPAND_SZ) {
    json_text(key, text);
  } else if (type == REG_MULTI_SZ) {
    json_array(key);
    for (size_t at = 0; at < size / 2 && text[at]; at += wcslen(text + at) + 1) json_text(NULL, text + at);
    json_end();
  } else if (type == REG_DWORD && size == 4) {
    DWORD number;
    memcpy(&number, bytes, 4);
    json_unsigned(key, number);
  } else if (type == REG_QWORD && size == 8) {
    uint64_t number;
    memcpy(&number, bytes, 8);
    json_unsigned(key, number);
  } else {
    static const wchar_t digits[] = L"0123456789abcdef";
    wchar_t *hex = allocate((size * 2 + 1) * sizeof *hex);
    for (DWORD i = 0; i < size; i++) hex[2 * i] = digits[bytes[i] >> 4], hex[2 * i + 1] = digits[bytes[i] & 15];
    json_text(key, hex);
    free(hex);
  }
  free(bytes);
}

void registry_value(const char *key, HKEY root, const wchar_t *path, const wchar_t *name) {
  HKEY opened = registry_open(root, path);
  if (!opened) {
    json_null(key);
    return;
  }
  registry_value_of(key, opened, name);
  RegCloseKey(opened);
}

LSTATUS registry_open_full(const wchar_t *path, HKEY *opened) {
  static const struct {
    const wchar_t *name;
    HKEY key;
  } roots[] = {{L"HKEY_LOCAL_MACHINE", HKEY_LOCAL_MACHINE}, {L"HKEY_CURRENT_USER", HKEY_CURRENT_USER},
               {L"HKEY_USERS", HKEY_USERS}, {L"HKEY_CLASSES_ROOT", HKEY_CLASSES_ROOT},
               {L"HKEY_CURRENT_CONFIG", HKEY_CURRENT_CONFIG}};
  for (size_t n = 0; n < sizeof roots / sizeof *roots; n++) {
    size_t units = wcslen(roots[n].name);
    if (_wcsnicmp(path, roots[n].name, units) || (path[units] && path[units] != L'\\')) continue;
    const wchar_t *below = path[units] ? path + units + 1 : L"";
    return RegOpenKeyExW(roots[n].key, below, 0, KEY_READ | KEY_WOW64_64KEY, opened);
  }
  return ERROR_INVALID_PARAMETER;
}

/* Whatever else keeps a key from being opened, it is there. */
int registry_is_absent(LSTATUS status) {
  return status == ERROR_FILE_NOT_FOUND || status == ERROR_PATH_NOT_FOUND || status == ERROR_KEY_DELETED;
}

static void key_security(HKEY opened) {
  const SECURITY_INFORMATION parts =
      OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;
  DWORD size = 0;
  RegGetKeySecurity(opened, parts, NULL, &size);
  PSECURITY_DESCRIPTOR descriptor = allocate(size);
  if (size && !RegGetKeySecurity(opened, parts, descriptor, &size)) json_sddl("sddl", descriptor, parts);
  else json_null("sddl");
  free(descriptor);
}

int keys_command(arguments *given) {
  json_array(NULL);
  for (int i = 0; i < given->count; i++) {
    HKEY opened = NULL;
    LSTATUS status = registry_open_full(given->items[i], &opened);
    json_object(NULL);
    json_text("path", given->items[i]);
    json_bool("exists", !registry_is_absent(status));
    if (status) json_unsigned("code", (uint64_t)status);
    else json_null("code");
    if (opened) key_security(opened);
    else json_null("sddl");
    json_end();
    if (opened) RegCloseKey(opened);
  }
  json_end();
  return 0;
}

static void value_names(HKEY opened) {
  const DWORD room = 16384; /* no name of a value is longer ("Registry element size limits") */
  wchar_t *name = allocate(room * sizeof *name);
  for (DWORD n = 0, size = room; RegEnumValueW(opened, n, name, &size, NULL, NULL, NULL, NULL) == 0; n++, size = room)
    json_text_n(NULL, name, size);
  free(name);
}

int list_keys_command(arguments *given) {
  json_array(NULL);
  for (int i = 0; i < given->count; i++) {
    HKEY opened = NULL;
    LSTATUS status = registry_open_full(given->items[i], &opened);
    wchar_t *child;
    json_object(NULL);
    json_text("path", given->items[i]);
    json_bool("exists", !registry_is_absent(status));
    if (status) json_unsigned("code", (uint64_t)status);
    else json_null("code");
    json_array("keys");
    for (DWORD n = 0; opened && (child = registry_child(opened, n)); n++) {
      json_text(NULL, child);
      free(child);
    }
    json_end();
    json_array("values");
    if (opened) value_names(opened);
    json_end();
    json_end();
    if (opened) RegCloseKey(opened);
  }
  json_end();
  return 0;
}
