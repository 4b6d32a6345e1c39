/* A strict JSON reader (RFC 8259). Pure: no system calls, builds and is fuzzed on any system. */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>

enum {
    JSON_DEPTH_LIMIT = 16,
    JSON_MEMBER_LIMIT = 4096, /* values in one document */
    JSON_ERROR_SIZE = 160,
};

enum json_kind { JSON_NULL, JSON_BOOLEAN, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
    enum json_kind kind;
    bool boolean;
    double number;
    char *string;       /* JSON_STRING: UTF-8 */
    size_t count;       /* JSON_ARRAY and JSON_OBJECT */
    struct json *items; /* their values */
    char **names;       /* JSON_OBJECT: the members' names, all different */
};

/* Returns NULL and says why in `error` (JSON_ERROR_SIZE bytes). The caller frees with json_free. */
struct json *json_parse(const char *bytes, size_t length, char *error);
void json_free(struct json *value);

/* The member, or NULL if there is none or `object` is not an object. */
const struct json *json_member(const struct json *object, const char *name);
/* The member's string, or NULL if it is absent or no string. */
const char *json_string(const struct json *object, const char *name);
const char *json_kind_name(enum json_kind kind);

#endif
