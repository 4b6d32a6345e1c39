/* export: a registry key with everything below it, values as they are stored. The text that `reg export` writes would
 * have to be asked for by a command line, where `cmd` takes the names of some keys for orders. */
#include <stdlib.h>

#include "registry.h"
#include "start.h"

static uint64_t room; /* bytes that may still be told */

static int values_of(HKEY opened) {
  const DWORD longest = 16384; /* no name of a value is longer ("Registry element size limits") */
  wchar_t *name = allocate(longest * sizeof *name);
  int too_much = 0;
  json_array("values");
  for (DWORD n = 0, units = longest; !too_much && !RegEnumValueW(opened, n, name, &units, NULL, NULL, NULL, NULL);
       n++, units = longest) {
    DWORD type, size;
    BYTE *bytes = registry_bytes(opened, name, &type, &size);
    if (!bytes) continue; /* it went meanwhile */
    too_much = size > room;
    if (!too_much) {
      room -= size;
      json_object(NULL);
      json_text_n("name", name, units);
      json_unsigned("type", type);
      json_base64("base64", bytes, size);
      json_end();
    }
    free(bytes);
  }
  json_end();
  free(name);
  return too_much;
}

/* Returns whether there is more than may be told. A key that refuses to be read is told with the error. */
static int key_and_below(HKEY above, const wchar_t *name, const wchar_t *path) {
  HKEY opened = NULL;
  wchar_t *child;
  LSTATUS status = name ? RegOpenKeyExW(above, name, 0, KEY_READ | KEY_WOW64_64KEY, &opened) : 0;
  if (status == ERROR_FILE_NOT_FOUND) return 0; /* it went meanwhile */
  if (!name) opened = above;
  json_object(NULL);
  json_text("path", path);
  if (status) json_unsigned("code", (uint64_t)status);
  else json_null("code");
  int too_much = opened ? values_of(opened) : (json_array("values"), json_end(), 0);
  json_end();
  for (DWORD n = 0; opened && !too_much && (child = registry_child(opened, n)); n++) {
    wchar_t *below = join_text(path, L"\\", child, NULL);
    too_much = key_and_below(opened, child, below);
    free(below);
    free(child);
  }
  if (name && opened) RegCloseKey(opened);
  return too_much;
}

int export_command(arguments *given) {
  room = number_option(given, L"--limit", 64 << 20);
  if (given->count != 1) return fail("export needs one KEY", ERROR_INVALID_PARAMETER);
  HKEY opened = NULL;
  int too_much = 0;
  LSTATUS status = registry_open_full(given->items[0], &opened);
  json_object(NULL);
  json_text("path", given->items[0]);
  json_bool("exists", !registry_is_absent(status));
  if (status) json_unsigned("code", (uint64_t)status);
  else json_null("code");
  json_array("keys");
  if (opened) {
    too_much = key_and_below(opened, NULL, given->items[0]);
    RegCloseKey(opened);
  }
  json_end();
  json_end();
  return too_much ? fail("the key holds more than --limit bytes", ERROR_MORE_DATA) : 0;
}
