#include "probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEEPEST 32

static char *text;
static size_t length, room;
static int depth;
static char closing[DEEPEST];

static void put(const char *bytes, size_t count) {
  if (length + count > room) {
    size_t wanted = (length + count) * 2 + 4096;
    char *grown = realloc(text, wanted);
    if (!grown) ExitProcess(ERROR_NOT_ENOUGH_MEMORY);
    text = grown;
    room = wanted;
  }
  memcpy(text + length, bytes, count);
  length += count;
}

static void put_string(const wchar_t *value, size_t units) {
  char piece[16];
  put("\"", 1);
  for (size_t i = 0; i < units; i++) {
    uint32_t c = (uint16_t)value[i];
    if (c >= 0xD800 && c < 0xDC00 && i + 1 < units && (uint16_t)value[i + 1] >= 0xDC00 &&
        (uint16_t)value[i + 1] < 0xE000) {
      c = 0x10000 + ((c - 0xD800) << 10) + ((uint16_t)value[++i] - 0xDC00);
    }
    if (c == '"' || c == '\\') {
      piece[0] = '\\';
      piece[1] = (char)c;
      put(piece, 2);
    } else if (c < 0x20 || c == 0x7F || (c >= 0xD800 && c < 0xE000)) {
      put(piece, (size_t)sprintf(piece, "\\u%04x", (unsigned)c));
    } else if (c < 0x80) {
      piece[0] = (char)c;
      put(piece, 1);
    } else if (c < 0x800) {
      piece[0] = (char)(0xC0 | c >> 6);
      piece[1] = (char)(0x80 | (c & 0x3F));
      put(piece, 2);
    } else if (c < 0x10000) {
      piece[0] = (char)(0xE0 | c >> 12);
      piece[1] = (char)(0x80 | (c >> 6 & 0x3F));
      piece[2] = (char)(0x80 | (c & 0x3F));
      put(piece, 3);
    } else {
      piece[0] = (char)(0xF0 | c >> 18);
      piece[1] = (char)(0x80 | (c >> 12 & 0x3F));
      piece[2] = (char)(0x80 | (c >> 6 & 0x3F));
      piece[3] = (char)(0x80 | (c & 0x3F));
      put(piece, 4);
    }
  }
  put("\"", 1);
}

static void separate(void) {
  if (length && !strchr("{[:", text[length - 1])) put(",", 1);
}

static void start(const char *key) {
  separate();
  if (key) {
    put("\"", 1);
    put(key, strlen(key));
    put("\":", 2);
  }
}

static void open_with(const char *key, char open, char close) {
  start(key);
  if (depth == DEEPEST) ExitProcess(ERROR_STACK_OVERFLOW);
  put(&open, 1);
  closing[depth++] = close;
}

void json_object(const char *key) { open_with(key, '{', '}'); }
void json_array(const char *key) { open_with(key, '[', ']'); }
void json_end(void) { put(&closing[--depth], 1); }

void json_key_w(const wchar_t *key) {
  separate();
  put_string(key, wcslen(key));
  put(":", 1);
}

void json_object_w(const wchar_t *key) {
  json_key_w(key);
  json_object(NULL);
}

void json_array_w(const wchar_t *key) {
  json_key_w(key);
  json_array(NULL);
}

void json_text_n(const char *key, const wchar_t *value, size_t units) {
  start(key);
  put_string(value, units);
}

void json_text(const char *key, const wchar_t *value) {
  if (value) json_text_n(key, value, wcslen(value));
  else json_null(key);
}

void json_ascii(const char *key, const char *value) {
  wchar_t wide[256];
  size_t i = 0;
  for (; value[i] && i < 255; i++) wide[i] = (unsigned char)value[i];
  json_text_n(key, wide, i);
}

void json_raw(const char *key, const char *utf8, size_t bytes) {
  start(key);
  put(utf8, bytes);
}

void json_unsigned(const char *key, uint64_t value) {
  char digits[24];
  int at = sizeof digits;
  do digits[--at] = (char)('0' + value % 10);
  while (value /= 10);
  json_raw(key, digits + at, sizeof digits - (size_t)at);
}

void json_bool(const char *key, int value) { json_raw(key, value ? "true" : "false", value ? 4 : 5); }
void json_null(const char *key) { json_raw(key, "null", 4); }

void json_base64(const char *key, const unsigned char *bytes, DWORD count) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  char *text = allocate((size_t)(count / 3 + 2) * 4), *end = text;
  *end++ = '"';
  for (DWORD i = 0; i < count; i += 3) {
    DWORD left = count - i;
    unsigned group = bytes[i] << 16 | (left > 1 ? bytes[i + 1] << 8 : 0) | (left > 2 ? bytes[i + 2] : 0);
    *end++ = digits[group >> 18];
    *end++ = digits[group >> 12 & 63];
    *end++ = left > 1 ? digits[group >> 6 & 63] : '=';
    *end++ = left > 2 ? digits[group & 63] : '=';
  }
  *end++ = '"';
  json_raw(key, text, (size_t)(end - text));
  free(text);
}

void json_time(const char *key, uint64_t filetime) {
  FILETIME ft = {(DWORD)filetime, (DWORD)(filetime >> 32)};
  SYSTEMTIME st;
  char iso[64];
  if (!filetime || !FileTimeToSystemTime(&ft, &st) || st.wYear > 9999) {
    json_null(key);
    return;
  }
  sprintf(iso, "%04u-%02u-%02uT%02u:%02u:%02u.%06uZ", st.wYear, st.wMonth, st.wDay, st.wHour, st.wMinute,
          st.wSecond, (unsigned)(filetime / 10 % 1000000));
  json_ascii(key, iso);
}

json_mark json_here(void) {
  json_mark mark = {length, depth};
  return mark;
}

void json_back_to(json_mark mark) {
  length = mark.length;
  depth = mark.depth;
}

int json_write(HANDLE to) {
  size_t done = 0;
  put("\n", 1);
  while (done < length) {
    DWORD wrote = 0;
    DWORD piece = length - done > 65536 ? 65536 : (DWORD)(length - done);
    if (!WriteFile(to, text + done, piece, &wrote, NULL)) return (int)GetLastError();
    done += wrote;
  }
  return 0;
}

int json_save(const wchar_t *path) {
  size_t units = wcslen(path);
  wchar_t *temporary = malloc((units + 24) * sizeof *temporary);
  if (!temporary) return ERROR_NOT_ENOUGH_MEMORY;
  swprintf(temporary, units + 24, L"%ls.%lu.tmp", path, GetCurrentProcessId());
  int error = 0;
  HANDLE file = CreateFileW(temporary, GENERIC_WRITE, FILE_SHARE_READ, NULL, CREATE_ALWAYS, 0, NULL);
  if (file == INVALID_HANDLE_VALUE) error = (int)GetLastError();
  else {
    error = json_write(file);
    CloseHandle(file);
    if (!error && !MoveFileExW(temporary, path, MOVEFILE_REPLACE_EXISTING)) error = (int)GetLastError();
    if (error) DeleteFileW(temporary);
  }
  free(temporary);
  return error;
}
