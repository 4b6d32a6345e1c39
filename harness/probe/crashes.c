/* crashes: dumps and error reports in the places where Windows puts them ("Collecting User-Mode Dumps"). */
#include <stdlib.h>

#include "files.h"
#include "probe.h"
#include "registry.h"

static void report(const wchar_t *full, const wchar_t *relative, const WIN32_FIND_DATAW *found, void *kind) {
  (void)relative;
  if (found->dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) return;
  json_object(NULL);
  json_ascii("kind", kind);
  json_text("path", full + 4); /* without \\?\ */
  json_unsigned("size", size_of(found));
  json_time("modified", time_of(found->ftLastWriteTime));
  json_end();
}

static void single(const wchar_t *path, const char *kind) {
  wchar_t *expanded = expand_text(path), *full = long_path(expanded);
  WIN32_FIND_DATAW found;
  HANDLE search = FindFirstFileW(full, &found);
  if (search != INVALID_HANDLE_VALUE) {
    report(full, L"", &found, (void *)kind);
    FindClose(search);
  }
  free(full);
  free(expanded);
}

static wchar_t *text_value(HKEY root, const wchar_t *path, const wchar_t *name) {
  DWORD type, size;
  HKEY key = registry_open(root, path);
  BYTE *bytes = key ? registry_bytes(key, name, &type, &size) : NULL;
  if (key) RegCloseKey(key);
  if (bytes && (type == REG_SZ || type == REG_EXPAND_SZ) && size > 2) return (wchar_t *)bytes;
  free(bytes);
  return NULL;
}

static void configured(const wchar_t *path, const wchar_t *name, const char *kind, int is_file) {
  wchar_t *place = text_value(HKEY_LOCAL_MACHINE, path, name);
  if (place && is_file) single(place, kind);
  else if (place) walk(place, report, (void *)kind);
  free(place);
}

/* AppData\Local\CrashDumps of everyone who has a profile, services' accounts included. */
static void profiles(void) {
  static const wchar_t list[] = L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList";
  HKEY key = registry_open(HKEY_LOCAL_MACHINE, list);
  for (DWORD n = 0; key; n++) {
    wchar_t *sid = registry_child(key, n);
    if (!sid) break;
    wchar_t *entry = join_text(list, L"\\", sid, NULL),
            *profile = text_value(HKEY_LOCAL_MACHINE, entry, L"ProfileImagePath");
    if (profile) {
      wchar_t *dumps = join_text(profile, L"\\AppData\\Local\\CrashDumps", NULL);
      walk(dumps, report, "process dump");
      free(dumps);
    }
    free(profile);
    free(entry);
    free(sid);
  }
  if (key) RegCloseKey(key);
}

int crashes_command(arguments *given) {
  static const wchar_t control[] = L"SYSTEM\\CurrentControlSet\\Control\\CrashControl";
  static const wchar_t local_dumps[] = L"SOFTWARE\\Microsoft\\Windows\\Windows Error Reporting\\LocalDumps";
  wchar_t *dump_file = text_value(HKEY_LOCAL_MACHINE, control, L"DumpFile");
  wchar_t *minidumps = text_value(HKEY_LOCAL_MACHINE, control, L"MinidumpDir");
  (void)given;
  json_array(NULL);
  single(dump_file ? dump_file : L"%SystemRoot%\\MEMORY.DMP", "system dump");
  walk(minidumps ? minidumps : L"%SystemRoot%\\Minidump", report, "system minidump");
  walk(L"%SystemRoot%\\LiveKernelReports", report, "live kernel report");
  walk(L"%ProgramData%\\Microsoft\\Windows\\WER\\ReportArchive", report, "error report");
  walk(L"%ProgramData%\\Microsoft\\Windows\\WER\\ReportQueue", report, "error report");
  profiles();
  configured(local_dumps, L"DumpFolder", "process dump", 0);
  HKEY key = registry_open(HKEY_LOCAL_MACHINE, local_dumps);
  for (DWORD n = 0; key; n++) { /* one key for each program that is configured by itself */
    wchar_t *program = registry_child(key, n);
    if (!program) break;
    wchar_t *path = join_text(local_dumps, L"\\", program, NULL);
    configured(path, L"DumpFolder", "process dump", 0);
    free(path);
    free(program);
  }
  if (key) RegCloseKey(key);
  for (int i = 0; i < given->count; i++) walk(given->items[i], report, "given place");
  json_end();
  free(dump_file);
  free(minidumps);
  return 0;
}
