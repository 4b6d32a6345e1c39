#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "probe.h"

static const char *failed_what;
static DWORD failed_code;

int fail(const char *what, DWORD code) {
  failed_what = what;
  failed_code = code;
  return 1;
}

void json_failure(const char *key) {
  json_object(key);
  json_ascii("what", failed_what);
  json_unsigned("code", failed_code);
  json_end();
}

void *allocate(size_t bytes) {
  void *memory = calloc(1, bytes ? bytes : 1);
  if (!memory) ExitProcess(ERROR_NOT_ENOUGH_MEMORY);
  return memory;
}

wchar_t *copy_text(const wchar_t *value) { return join_text(value, NULL); }

wchar_t *join_text(const wchar_t *first, ...) {
  va_list rest;
  size_t units = 1;
  va_start(rest, first);
  for (const wchar_t *part = first; part; part = va_arg(rest, const wchar_t *)) units += wcslen(part);
  va_end(rest);
  wchar_t *joined = allocate(units * sizeof *joined);
  va_start(rest, first);
  for (const wchar_t *part = first; part; part = va_arg(rest, const wchar_t *)) wcscat(joined, part);
  va_end(rest);
  return joined;
}

FARPROC optional_function(const wchar_t *library, const char *name) {
  HMODULE module = LoadLibraryW(library);
  return module ? GetProcAddress(module, name) : NULL;
}

int on_wine(void) { return GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") != NULL; }

uint64_t time_of(FILETIME ft) { return (uint64_t)ft.dwHighDateTime << 32 | ft.dwLowDateTime; }

uint64_t now(void) {
  FILETIME ft;
  GetSystemTimeAsFileTime(&ft);
  return time_of(ft);
}

static wchar_t *windows_folder(void) {
  wchar_t *path = allocate((MAX_PATH + 1) * sizeof *path);
  GetSystemWindowsDirectoryW(path, MAX_PATH + 1);
  return path;
}

/* The system's own programs are never looked for: whoever is examined may have ruined PATH. */
wchar_t *system_program(const wchar_t *name) {
  return join_text(L"\"", windows_folder(), L"\\System32\\", name, L"\"", NULL);
}

/* %SystemRoot% is what the system says it is; anybody may store another value in the environment. */
wchar_t *expand_text(const wchar_t *value) {
  static const wchar_t *const names[] = {L"%SystemRoot%", L"%windir%"};
  wchar_t *plain = copy_text(value);
  for (int i = 0; i < 2; i++)
    if (!_wcsnicmp(plain, names[i], wcslen(names[i]))) plain = join_text(windows_folder(), plain + wcslen(names[i]), NULL);
  DWORD units = ExpandEnvironmentStringsW(plain, NULL, 0);
  wchar_t *expanded = allocate((units + 1) * sizeof *expanded);
  ExpandEnvironmentStringsW(plain, expanded, units + 1);
  return expanded;
}

static const wchar_t *next_argument(const wchar_t *at, wchar_t *into) {
  int quoted = 0;
  while (*at && (quoted || (*at != ' ' && *at != '\t'))) {
    size_t slashes = 0;
    while (*at == '\\') slashes++, at++;
    if (*at == '"') {
      for (size_t i = 0; i < slashes / 2; i++) *into++ = '\\';
      if (slashes % 2) *into++ = *at++;
      else if (quoted && at[1] == '"') *into++ = '"', at += 2;
      else quoted = !quoted, at++;
    } else {
      for (size_t i = 0; i < slashes; i++) *into++ = '\\';
      if (*at && (quoted || (*at != ' ' && *at != '\t'))) *into++ = *at++;
    }
  }
  *into = 0;
  return at;
}

static const wchar_t *skip_blanks(const wchar_t *at) {
  while (*at == ' ' || *at == '\t') at++;
  return at;
}

static const wchar_t *skip_program_name(const wchar_t *at) { /* it knows quotes and no backslashes */
  int quoted = 0;
  for (; *at && (quoted || (*at != ' ' && *at != '\t')); at++)
    if (*at == '"') quoted = !quoted;
  return skip_blanks(at);
}

const wchar_t *raw_arguments(int skip) {
  const wchar_t *at = skip_program_name(GetCommandLineW());
  wchar_t *item = allocate((wcslen(at) + 1) * sizeof *item);
  while (skip-- > 0) at = skip_blanks(next_argument(at, item));
  free(item);
  return at;
}

arguments split_arguments(const wchar_t *raw, int skip_program) {
  arguments found = {0, allocate((wcslen(raw) / 2 + 2) * sizeof(wchar_t *)), NULL, NULL};
  wchar_t *item = allocate((wcslen(raw) + 1) * sizeof *item);
  const wchar_t *at = skip_program ? skip_program_name(raw) : raw;
  for (at = skip_blanks(at); *at; at = skip_blanks(at)) {
    at = next_argument(at, item);
    if (!wcscmp(item, L"--")) {
      const wchar_t *rest = skip_blanks(at);
      found.rest = copy_text(rest);
      at = next_argument(rest, item);
      found.command_line = copy_text(*skip_blanks(at) ? rest : item);
      break;
    }
    found.items[found.count++] = copy_text(item);
  }
  free(item);
  return found;
}

static void forget(arguments *given, int from, int how_many) {
  given->count -= how_many;
  memmove(given->items + from, given->items + from + how_many,
          (size_t)(given->count - from) * sizeof *given->items);
}

wchar_t *take_option(arguments *given, const wchar_t *name) {
  for (int i = 0; i + 1 < given->count; i++) {
    if (!wcscmp(given->items[i], name)) {
      wchar_t *value = given->items[i + 1];
      forget(given, i, 2);
      return value;
    }
  }
  return NULL;
}

int take_flag(arguments *given, const wchar_t *name) {
  for (int i = 0; i < given->count; i++) {
    if (!wcscmp(given->items[i], name)) {
      forget(given, i, 1);
      return 1;
    }
  }
  return 0;
}
