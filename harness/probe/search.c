/* search: where given texts lie, in files and in the registry. The texts come by the input, one a line: on a command line
 * they would lie about themselves. */
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "input.h"
#include "registry.h"
#include "start.h"

#define PIECE (1 << 20)
#define MOST_NEEDLES 128
#define MOST_PLACES 1024

typedef struct {
  const BYTE *bytes;
  size_t size;
  int number; /* of its line in the input */
} needle;

typedef struct {
  needle needles[2 * MOST_NEEDLES]; /* in UTF-8 and in UTF-16 */
  int count;
  size_t longest;
  uint64_t since, limit;
  uint64_t searched, unreadable;
} search;

static void add_needle(search *wanted, const BYTE *bytes, size_t size, int number) {
  needle *next = &wanted->needles[wanted->count++];
  *next = (needle){bytes, size, number};
  if (size > wanted->longest) wanted->longest = size;
}

static wchar_t *wide(const char *line, int *units) {
  *units = MultiByteToWideChar(CP_UTF8, 0, line, -1, NULL, 0);
  wchar_t *text = allocate(((size_t)*units + 1) * sizeof *text);
  MultiByteToWideChar(CP_UTF8, 0, line, -1, text, *units);
  return text;
}

/* The lines of the input: first the places that no command line carries unchanged, then the texts. Returns whether it
 * failed: a text that is left out would pass for one that lies nowhere. */
static int read_needles(search *wanted, wchar_t **places, DWORD place_count) {
  DWORD size;
  int number = 0, units;
  char *text = read_input(&size);
  if (!text) return 1;
  char *line = strtok(text, "\r\n");
  for (DWORD n = 0; line && n < place_count; line = strtok(NULL, "\r\n"), n++) places[n] = wide(line, &units);
  for (; line && number < MOST_NEEDLES; line = strtok(NULL, "\r\n"), number++) {
    wchar_t *other = wide(line, &units);
    add_needle(wanted, (const BYTE *)line, strlen(line), number);
    if (units > 1) add_needle(wanted, (const BYTE *)other, (size_t)(units - 1) * sizeof *other, number);
  }
  if (line) return fail("search takes 128 texts at once", ERROR_INVALID_PARAMETER);
  return number ? 0 : fail("search needs texts in its input", ERROR_INVALID_PARAMETER);
}

static const BYTE *find(const BYTE *bytes, size_t size, const needle *wanted) {
  const BYTE *end = bytes + size;
  while ((size_t)(end - bytes) >= wanted->size) {
    const BYTE *first = memchr(bytes, wanted->bytes[0], (size_t)(end - bytes) - wanted->size + 1);
    if (!first) return NULL;
    if (!memcmp(first, wanted->bytes, wanted->size)) return first;
    bytes = first + 1;
  }
  return NULL;
}

static void tell(const wchar_t *place, const wchar_t *name, const needle *found, uint64_t offset) {
  json_object(NULL);
  json_text("place", place);
  json_text("name", name);
  json_unsigned("needle", (uint64_t)found->number);
  json_unsigned("offset", offset);
  json_end();
}

static void in_file(search *wanted, const wchar_t *path, const wchar_t *shown) {
  HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                            OPEN_EXISTING, FILE_FLAG_SEQUENTIAL_SCAN, NULL);
  if (file == INVALID_HANDLE_VALUE) {
    wanted->unreadable++;
    return;
  }
  static BYTE *room;
  static int told[2 * MOST_NEEDLES];
  size_t kept = 0;
  uint64_t before = 0; /* of the file, what lies before `room` */
  DWORD got;
  memset(told, 0, sizeof told);
  if (!room) room = allocate(PIECE + wanted->longest);
  wanted->searched++;
  BOOL readable = TRUE;
  while (before < wanted->limit && (readable = ReadFile(file, room + kept, PIECE, &got, NULL)) && got) {
    size_t held = kept + got;
    for (int i = 0; i < wanted->count; i++) {
      const BYTE *found = told[i] ? NULL : find(room, held, &wanted->needles[i]);
      if (!found) continue;
      told[i] = 1;
      tell(shown, NULL, &wanted->needles[i], before + (uint64_t)(found - room));
    }
    kept = held < wanted->longest - 1 ? held : wanted->longest - 1;
    memmove(room, room + held - kept, kept);
    before += held - kept;
  }
  if (!readable) wanted->unreadable++; /* from some place on, as where a program has locked it */
  CloseHandle(file);
}

static const wchar_t *shown_root;

static void visit_file(const wchar_t *full, const wchar_t *relative, const WIN32_FIND_DATAW *found, void *context) {
  search *wanted = context;
  if (found->dwFileAttributes & (FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT)) return;
  if (time_of(found->ftLastWriteTime) < wanted->since && time_of(found->ftCreationTime) < wanted->since) return;
  wchar_t *shown = join_text(shown_root, L"\\", relative, NULL);
  in_file(wanted, full, shown);
  free(shown);
}

static void in_key(search *wanted, HKEY opened, const wchar_t *path) {
  const DWORD room = 16384; /* no name of a value is longer ("Registry element size limits") */
  wchar_t *name = allocate(room * sizeof *name), *child;
  wanted->searched++;
  for (DWORD n = 0, units = room; RegEnumValueW(opened, n, name, &units, NULL, NULL, NULL, NULL) == 0; n++, units = room) {
    DWORD type, size = 0;
    BYTE *bytes = registry_bytes(opened, name, &type, &size);
    for (int i = 0; i < wanted->count; i++) {
      const BYTE *found = bytes ? find(bytes, size, &wanted->needles[i]) : NULL;
      if (found) tell(path, name, &wanted->needles[i], (uint64_t)(found - bytes));
      else if (find((const BYTE *)name, wcslen(name) * sizeof *name, &wanted->needles[i]))
        tell(path, NULL, &wanted->needles[i], 0);
    }
    free(bytes);
  }
  free(name);
  for (DWORD n = 0; (child = registry_child(opened, n)); n++) {
    wchar_t *below = join_text(path, L"\\", child, NULL);
    HKEY inner = registry_open(opened, child);
    if (inner) {
      in_key(wanted, inner, below);
      RegCloseKey(inner);
    }
    free(below);
    free(child);
  }
}

static void in_place(search *wanted, const wchar_t *place) {
  HKEY opened;
  if (!wcsncmp(place, L"HKEY_", 5)) {
    LSTATUS status = registry_open_full(place, &opened);
    if (status && !registry_is_absent(status)) wanted->unreadable++;
    if (status) return;
    in_key(wanted, opened, place);
    RegCloseKey(opened);
    return;
  }
  wchar_t *expanded = expand_text(place), *full = long_path(expanded);
  DWORD attributes = GetFileAttributesW(full);
  shown_root = expanded;
  if (attributes != INVALID_FILE_ATTRIBUTES && !(attributes & FILE_ATTRIBUTE_DIRECTORY)) in_file(wanted, full, expanded);
  else walk(place, visit_file, wanted);
  free(full);
  free(expanded);
}

int search_command(arguments *given) {
  search *wanted = allocate(sizeof *wanted);
  wanted->limit = number_option(given, L"--limit", 64 << 20);
  /* Seconds since 1970 are 100 ns since 1601 ("FILETIME structure"). */
  uint64_t since = number_option(given, L"--since", 0);
  if (since) wanted->since = (since + 11644473600ULL) * 10000000ULL;
  DWORD more = number_option(given, L"--places", 0);
  if (more > MOST_PLACES) return fail("search takes fewer places from its input", ERROR_INVALID_PARAMETER);
  wchar_t **places = allocate((more + 1) * sizeof *places);
  if (read_needles(wanted, places, more)) return 1;
  json_object(NULL);
  json_array("found");
  for (int i = 0; i < given->count; i++) in_place(wanted, given->items[i]);
  for (DWORD n = 0; n < more && places[n]; n++) in_place(wanted, places[n]);
  json_end();
  json_unsigned("searched", wanted->searched);
  json_unsigned("unreadable", wanted->unreadable);
  json_end();
  return 0;
}
