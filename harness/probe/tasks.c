/* tasks: scheduled tasks, by their files and by their registration ("Task Registration Info" in TaskCache). */
#include <stdlib.h>

#include "files.h"
#include "probe.h"
#include "registry.h"

static const wchar_t tree_key[] = L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache\\Tree";
static const wchar_t folder[] = L"%SystemRoot%\\System32\\Tasks";

static void by_file(const wchar_t *full, const wchar_t *relative, const WIN32_FIND_DATAW *found, void *context) {
  (void)context;
  if (found->dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) return;
  wchar_t *name = join_text(L"\\", relative, NULL), *key = join_text(tree_key, name, NULL);
  json_object(NULL);
  json_text("name", name);
  json_text("file", full + 4); /* without \\?\ */
  json_time("modified", time_of(found->ftLastWriteTime));
  registry_value("identifier", HKEY_LOCAL_MACHINE, key, L"Id");
  json_end();
  free(key);
  free(name);
}

static void by_registration(const wchar_t *name) {
  wchar_t *path = join_text(tree_key, name, NULL), *unexpanded = join_text(folder, name, NULL);
  wchar_t *file = expand_text(unexpanded);
  HKEY key = registry_open(HKEY_LOCAL_MACHINE, path);
  for (DWORD n = 0; key; n++) {
    wchar_t *child = registry_child(key, n);
    if (!child) break;
    wchar_t *inner = join_text(name, L"\\", child, NULL);
    by_registration(inner);
    free(inner);
    free(child);
  }
  if (key && !RegQueryValueExW(key, L"Id", NULL, NULL, NULL, NULL) &&
      GetFileAttributesW(file) == INVALID_FILE_ATTRIBUTES) {
    json_object(NULL);
    json_text("name", name);
    json_null("file");
    json_null("modified");
    registry_value_of("identifier", key, L"Id");
    json_end();
  }
  if (key) RegCloseKey(key);
  free(file);
  free(unexpanded);
  free(path);
}

int tasks_command(arguments *given) {
  (void)given;
  json_array(NULL);
  walk(folder, by_file, NULL);
  by_registration(L"");
  json_end();
  return 0;
}
