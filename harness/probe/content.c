/* read, write, delete: a file's bytes, which no tool of Windows prints unchanged (`type` converts UTF-16). */
#include <stdlib.h>
#include <string.h>

#include "start.h"

/* A negative offset would count from the end; instead --tail gives the last --limit bytes. */
int read_command(arguments *given) {
  DWORD limit = number_option(given, L"--limit", 1 << 20), got = 0, code;
  int tail = take_flag(given, L"--tail");
  if (given->count != 1) return fail("read needs one PATH", ERROR_INVALID_PARAMETER);
  HANDLE file = CreateFileW(given->items[0], GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                            NULL, OPEN_EXISTING, 0, NULL);
  LARGE_INTEGER size;
  if (file == INVALID_HANDLE_VALUE) return fail("cannot open the file", GetLastError());
  if (!GetFileSizeEx(file, &size)) {
    code = GetLastError();
    CloseHandle(file);
    return fail("cannot tell the file's size", code);
  }
  LARGE_INTEGER from = {.QuadPart = tail && size.QuadPart > limit ? size.QuadPart - limit : 0};
  DWORD wanted = size.QuadPart < limit ? (DWORD)size.QuadPart : limit;
  unsigned char *bytes = allocate((size_t)wanted + 1);
  int failed = !SetFilePointerEx(file, from, NULL, FILE_BEGIN) || !ReadFile(file, bytes, wanted, &got, NULL);
  code = GetLastError();
  CloseHandle(file);
  if (failed) return fail("cannot read the file", code);
  json_object(NULL);
  json_text("path", given->items[0]);
  json_unsigned("size", (uint64_t)size.QuadPart);
  json_base64("base64", bytes, got);
  json_end();
  free(bytes);
  return 0;
}

static void make_parents(const wchar_t *path) {
  wchar_t *copy = copy_text(path);
  for (wchar_t *c = copy; *c; c++) {
    if ((*c != L'\\' && *c != L'/') || c == copy || c[-1] == L':') continue;
    wchar_t kept = *c;
    *c = 0;
    CreateDirectoryW(copy, NULL); /* one that is there already is fine, and CreateFile says what is not */
    *c = kept;
  }
  free(copy);
}

/* The content comes on standard input. Written in place: a service may hold the directory open, not the file. */
int write_command(arguments *given) {
  unsigned char buffer[65536];
  DWORD got, wrote, code = 0;
  uint64_t size = 0;
  if (given->count != 1) return fail("write needs one PATH", ERROR_INVALID_PARAMETER);
  make_parents(given->items[0]);
  HANDLE file = CreateFileW(given->items[0], GENERIC_WRITE, FILE_SHARE_READ, NULL, CREATE_ALWAYS,
                            FILE_ATTRIBUTE_NORMAL, NULL);
  if (file == INVALID_HANDLE_VALUE) return fail("cannot create the file", GetLastError());
  while (!code && ReadFile(GetStdHandle(STD_INPUT_HANDLE), buffer, sizeof buffer, &got, NULL) && got) {
    if (!WriteFile(file, buffer, got, &wrote, NULL) || wrote != got) code = GetLastError();
    size += got;
  }
  if (!CloseHandle(file) && !code) code = GetLastError();
  if (code) return fail("cannot write the file", code);
  json_object(NULL);
  json_text("path", given->items[0]);
  json_unsigned("size", size);
  json_end();
  return 0;
}

int delete_command(arguments *given) {
  if (given->count != 1) return fail("delete needs one PATH", ERROR_INVALID_PARAMETER);
  DWORD code = DeleteFileW(given->items[0]) ? 0 : GetLastError();
  if (code && code != ERROR_FILE_NOT_FOUND && code != ERROR_PATH_NOT_FOUND)
    return fail("cannot delete the file", code);
  json_object(NULL);
  json_text("path", given->items[0]);
  json_bool("existed", !code);
  json_end();
  return 0;
}
