#include "json.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

struct reader {
    const char *start;
    const char *at;
    const char *end;
    int depth;
    int values;
    char *error;
};

static bool read_value(struct reader *reader, struct json *value);

__attribute__((format(gnu_printf, 2, 3))) static bool fail(struct reader *reader, const char *format, ...) {
    char reason[96];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    snprintf(reader->error, JSON_ERROR_SIZE, "not valid JSON at byte %zu: %s",
             (size_t)(reader->at - reader->start), reason);
    return false;
}

static void skip_space(struct reader *reader) {
    while (reader->at < reader->end && *reader->at && strchr(" \t\r\n", *reader->at)) {
        reader->at++;
    }
}

static bool take(struct reader *reader, char c) {
    skip_space(reader);
    if (reader->at < reader->end && *reader->at == c) {
        reader->at++;
        return true;
    }
    return false;
}

static bool take_word(struct reader *reader, const char *word) {
    size_t length = strlen(word);
    if ((size_t)(reader->end - reader->at) < length || memcmp(reader->at, word, length) != 0) {
        return fail(reader, "unknown word");
    }
    reader->at += length;
    return true;
}

static bool read_hex4(struct reader *reader, uint32_t *unit) {
    if (reader->end - reader->at < 4) {
        return fail(reader, "incomplete \\u escape");
    }
    *unit = 0;
    for (int i = 0; i < 4; i++) {
        char c = *reader->at++;
        uint32_t digit;
        if (c >= '0' && c <= '9') {
            digit = (uint32_t)(c - '0');
        } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
            digit = (uint32_t)((c | 0x20) - 'a' + 10);
        } else {
            return fail(reader, "bad digit in a \\u escape");
        }
        *unit = *unit << 4 | digit;
    }
    return true;
}

static void add_code_point(struct text *text, uint32_t point) {
    char bytes[4];
    size_t count = 0;
    if (point < 0x80) {
        bytes[count++] = (char)point;
    } else if (point < 0x800) {
        bytes[count++] = (char)(0xC0 | point >> 6);
    } else if (point < 0x10000) {
        bytes[count++] = (char)(0xE0 | point >> 12);
        bytes[count++] = (char)(0x80 | (point >> 6 & 0x3F));
    } else {
        bytes[count++] = (char)(0xF0 | point >> 18);
        bytes[count++] = (char)(0x80 | (point >> 12 & 0x3F));
        bytes[count++] = (char)(0x80 | (point >> 6 & 0x3F));
    }
    if (point >= 0x80) {
        bytes[count++] = (char)(0x80 | (point & 0x3F));
    }
    text_add_bytes(text, bytes, count);
}

static bool read_unicode_escape(struct reader *reader, struct text *text) {
    uint32_t point;
    if (!read_hex4(reader, &point)) {
        return false;
    }
    if (point == 0) {
        return fail(reader, "a string must not hold U+0000");
    }
    if (point >= 0xDC00 && point <= 0xDFFF) {
        return fail(reader, "lone surrogate");
    }
    if (point >= 0xD800 && point <= 0xDBFF) {
        uint32_t low;
        if (reader->end - reader->at < 2 || reader->at[0] != '\\' || reader->at[1] != 'u') {
            return fail(reader, "lone surrogate");
        }
        reader->at += 2;
        if (!read_hex4(reader, &low)) {
            return false;
        }
        if (low < 0xDC00 || low > 0xDFFF) {
            return fail(reader, "lone surrogate");
        }
        point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
    }
    add_code_point(text, point);
    return true;
}

static bool read_escape(struct reader *reader, struct text *text) {
    static const char names[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    if (reader->at >= reader->end) {
        return fail(reader, "string without end");
    }
    char c = *reader->at++;
    if (c == 'u') {
        return read_unicode_escape(reader, text);
    }
    const char *known = c ? strchr(names, c) : NULL;
    if (!known) {
        return fail(reader, "unknown escape");
    }
    text_add_bytes(text, &meanings[known - names], 1);
    return true;
}

static bool read_string(struct reader *reader, char **string) {
    struct text text = {0};
    text_add(&text, "");
    if (!take(reader, '"')) {
        text_free(&text);
        return fail(reader, "a string was expected");
    }
    while (reader->at < reader->end) {
        char c = *reader->at;
        if (c == '"') {
            reader->at++;
            *string = text.data;
            return true;
        }
        if ((unsigned char)c < 0x20) {
            text_free(&text);
            return fail(reader, "control character in a string");
        }
        reader->at++;
        if (c != '\\') {
            text_add_bytes(&text, &c, 1);
        } else if (!read_escape(reader, &text)) {
            text_free(&text);
            return false;
        }
    }
    text_free(&text);
    return fail(reader, "string without end");
}

static size_t read_digits(struct reader *reader) {
    const char *from = reader->at;
    while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9') {
        reader->at++;
    }
    return (size_t)(reader->at - from);
}

static bool at_any(const struct reader *reader, const char *characters) {
    return reader->at < reader->end && *reader->at && strchr(characters, *reader->at);
}

static bool read_number(struct reader *reader, double *number) {
    const char *from = reader->at;
    if (at_any(reader, "-")) {
        reader->at++;
    }
    bool leading_zero = at_any(reader, "0");
    size_t digits = read_digits(reader);
    if (digits == 0 || (leading_zero && digits > 1)) {
        return fail(reader, "a value was expected");
    }
    if (at_any(reader, ".")) {
        reader->at++;
        if (!read_digits(reader)) {
            return fail(reader, "digits must follow the point");
        }
    }
    if (at_any(reader, "eE")) {
        reader->at++;
        if (at_any(reader, "+-")) {
            reader->at++;
        }
        if (!read_digits(reader)) {
            return fail(reader, "digits must follow the exponent");
        }
    }
    char copy[64];
    size_t length = (size_t)(reader->at - from);
    if (length >= sizeof copy) {
        return fail(reader, "number too long");
    }
    memcpy(copy, from, length);
    copy[length] = '\0';
    *number = strtod(copy, NULL);
    return true;
}

static struct json *add_item(struct json *value) {
    if ((value->count & (value->count - 1)) == 0) { /* full at every power of two */
        size_t capacity = value->count ? value->count * 2 : 1;
        value->items = reallocate(value->items, capacity * sizeof *value->items);
        value->names = reallocate(value->names, capacity * sizeof *value->names);
    }
    struct json *item = &value->items[value->count];
    memset(item, 0, sizeof *item);
    value->names[value->count++] = NULL;
    return item;
}

static bool read_array(struct reader *reader, struct json *value) {
    value->kind = JSON_ARRAY;
    if (take(reader, ']')) {
        return true;
    }
    do {
        if (!read_value(reader, add_item(value))) {
            return false;
        }
    } while (take(reader, ','));
    return take(reader, ']') || fail(reader, "',' or ']' was expected");
}

static bool read_object(struct reader *reader, struct json *value) {
    value->kind = JSON_OBJECT;
    if (take(reader, '}')) {
        return true;
    }
    do {
        char *name;
        if (!read_string(reader, &name)) {
            return false;
        }
        if (json_member(value, name)) {
            free(name);
            return fail(reader, "a name is given twice");
        }
        struct json *item = add_item(value);
        value->names[value->count - 1] = name;
        if (!take(reader, ':')) {
            return fail(reader, "':' was expected");
        }
        if (!read_value(reader, item)) {
            return false;
        }
    } while (take(reader, ','));
    return take(reader, '}') || fail(reader, "',' or '}' was expected");
}

static bool read_value(struct reader *reader, struct json *value) {
    skip_space(reader);
    if (reader->at >= reader->end) {
        return fail(reader, "a value was expected");
    }
    if (++reader->values > JSON_MEMBER_LIMIT) {
        return fail(reader, "too many fields (the limit is %d)", JSON_MEMBER_LIMIT);
    }
    switch (*reader->at) {
    case '"':
        value->kind = JSON_STRING;
        return read_string(reader, &value->string);
    case '[':
    case '{': {
        if (++reader->depth > JSON_DEPTH_LIMIT) {
            return fail(reader, "nested too deeply (the limit is %d)", JSON_DEPTH_LIMIT);
        }
        bool object = *reader->at++ == '{';
        bool good = object ? read_object(reader, value) : read_array(reader, value);
        reader->depth--;
        return good;
    }
    case 't':
    case 'f':
        value->kind = JSON_BOOLEAN;
        value->boolean = *reader->at == 't';
        return take_word(reader, value->boolean ? "true" : "false");
    case 'n':
        return take_word(reader, "null");
    default:
        value->kind = JSON_NUMBER;
        return read_number(reader, &value->number);
    }
}

static void free_content(struct json *value) {
    free(value->string);
    for (size_t i = 0; i < value->count; i++) {
        free_content(&value->items[i]);
        free(value->names[i]);
    }
    free(value->items);
    free(value->names);
}

void json_free(struct json *value) {
    if (value) {
        free_content(value);
        free(value);
    }
}

struct json *json_parse(const char *bytes, size_t length, char *error) {
    struct reader reader = {.start = bytes, .at = bytes, .end = bytes + length, .error = error};
    struct json *value = allocate(sizeof *value);
    bool good = is_utf8(bytes, length) ? read_value(&reader, value) : fail(&reader, "not UTF-8");
    if (good) {
        skip_space(&reader);
        good = reader.at == reader.end || fail(&reader, "something follows the value");
    }
    if (!good) {
        json_free(value);
        return NULL;
    }
    return value;
}

const struct json *json_member(const struct json *object, const char *name) {
    for (size_t i = 0; object && object->kind == JSON_OBJECT && i < object->count; i++) {
        if (strcmp(object->names[i], name) == 0) {
            return &object->items[i];
        }
    }
    return NULL;
}

const char *json_string(const struct json *object, const char *name) {
    const struct json *member = json_member(object, name);
    return member && member->kind == JSON_STRING ? member->string : NULL;
}

const char *json_kind_name(enum json_kind kind) {
    static const char *const names[] = {"null", "a boolean", "a number", "a string", "an array", "an object"};
    return names[kind];
}
