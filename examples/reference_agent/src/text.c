#include "text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *reallocate(void *old, size_t size) {
    void *memory = realloc(old, size ? size : 1);
    if (!memory) {
        abort(); /* a service without memory is better restarted than half alive */
    }
    return memory;
}

void *allocate(size_t size) {
    void *memory = reallocate(NULL, size);
    memset(memory, 0, size);
    return memory;
}

char *duplicate(const char *string) {
    size_t size = strlen(string) + 1;
    return memcpy(reallocate(NULL, size), string, size);
}

static void reserve(struct text *text, size_t more) {
    size_t needed = text->length + more + 1;
    if (needed <= text->capacity) {
        return;
    }
    text->capacity = needed < 128 ? 128 : needed * 2;
    text->data = reallocate(text->data, text->capacity);
}

void text_add_bytes(struct text *text, const char *bytes, size_t count) {
    reserve(text, count);
    if (count) {
        memcpy(text->data + text->length, bytes, count);
    }
    text->length += count;
    text->data[text->length] = '\0';
}

void text_add(struct text *text, const char *string) {
    text_add_bytes(text, string, strlen(string));
}

void text_addf(struct text *text, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length <= 0) {
        return;
    }
    reserve(text, (size_t)length);
    va_start(arguments, format);
    vsnprintf(text->data + text->length, (size_t)length + 1, format, arguments);
    va_end(arguments);
    text->length += (size_t)length;
}

void text_add_json(struct text *text, const char *string) {
    text_add(text, "\"");
    const char *plain = string;
    for (const char *at = string; *at; at++) {
        unsigned char c = (unsigned char)*at;
        if (c >= 0x20 && c != '"' && c != '\\') {
            continue;
        }
        text_add_bytes(text, plain, (size_t)(at - plain));
        plain = at + 1;
        if (c == '"' || c == '\\') {
            text_addf(text, "\\%c", c);
        } else {
            text_addf(text, "\\u%04x", c);
        }
    }
    text_add(text, plain);
    text_add(text, "\"");
}

void text_clear(struct text *text) {
    text->length = 0;
    if (text->data) {
        text->data[0] = '\0';
    }
}

void text_free(struct text *text) {
    free(text->data);
    memset(text, 0, sizeof *text);
}

bool starts_with(const char *string, const char *prefix) {
    return strncmp(string, prefix, strlen(prefix)) == 0;
}

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool same_name(const char *left, const char *right) {
    while (*left && lower(*left) == lower(*right)) {
        left++;
        right++;
    }
    return lower(*left) == lower(*right);
}

/* RFC 3629: no surrogates, no overlong forms, nothing above U+10FFFF. */
bool is_utf8(const char *bytes, size_t length) {
    const unsigned char *at = (const unsigned char *)bytes;
    const unsigned char *end = at + length;
    while (at < end) {
        unsigned char c = *at++;
        if (c < 0x80) {
            continue;
        }
        int more = c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : 1;
        uint32_t point = c & (0x3F >> more);
        if (c < 0xC2 || c > 0xF4 || end - at < more) {
            return false;
        }
        static const uint32_t lowest[] = {0, 0x80, 0x800, 0x10000};
        for (int i = 0; i < more; i++, at++) {
            if ((*at & 0xC0) != 0x80) {
                return false;
            }
            point = point << 6 | (*at & 0x3F);
        }
        if (point < lowest[more] || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) {
            return false;
        }
    }
    return true;
}
