/* Growing text and allocation that never returns NULL. All text inside the agent is UTF-8. */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct text {
    char *data; /* NUL-terminated once anything was added; NULL before */
    size_t length;
    size_t capacity;
};

void *allocate(size_t size);
void *reallocate(void *old, size_t size);
char *duplicate(const char *string);

void text_add(struct text *text, const char *string);
void text_add_bytes(struct text *text, const char *bytes, size_t count);
void text_addf(struct text *text, const char *format, ...) __attribute__((format(gnu_printf, 2, 3)));
/* Adds the string as a JSON string, quotes included. */
void text_add_json(struct text *text, const char *string);
/* Empties the text and keeps its memory. */
void text_clear(struct text *text);
void text_free(struct text *text);

bool starts_with(const char *string, const char *prefix);
/* ASCII case only, as in table and column names. */
bool same_name(const char *left, const char *right);
bool is_utf8(const char *bytes, size_t length);

#endif
