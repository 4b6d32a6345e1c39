/* One JSON document per process, built in memory and written to stdout in UTF-8 at the end.
 * A key is NULL inside an array. Lone surrogates become \uXXXX escapes, so the bytes are always valid UTF-8. */
#ifndef BVT_JSON_H
#define BVT_JSON_H
#include <stddef.h>
#include <stdint.h>
#include <wchar.h>
#include <windows.h>

void json_object(const char *key);
void json_array(const char *key);
void json_end(void); /* closes the innermost object or array */
void json_text(const char *key, const wchar_t *value); /* NULL becomes null */
void json_text_n(const char *key, const wchar_t *value, size_t units);
void json_ascii(const char *key, const char *value);
void json_unsigned(const char *key, uint64_t value);
void json_bool(const char *key, int value);
void json_null(const char *key);
void json_raw(const char *key, const char *utf8, size_t bytes); /* an already valid JSON value */
void json_base64(const char *key, const unsigned char *bytes, DWORD count);
void json_time(const char *key, uint64_t filetime); /* UTC, ISO 8601 with microseconds; 0 becomes null */
void json_object_w(const wchar_t *key); /* an object under a key that is not a constant */
void json_array_w(const wchar_t *key);
void json_key_w(const wchar_t *key); /* the next value gets this key; its own key must be NULL */

typedef struct {
  size_t length;
  int depth;
} json_mark;
json_mark json_here(void);
void json_back_to(json_mark mark); /* forgets everything after the mark */

int json_write(HANDLE to);                      /* 0 or a Win32 error */
int json_save(const wchar_t *path);             /* by a temporary name and a rename; 0 or a Win32 error */
#endif
