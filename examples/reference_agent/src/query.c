#include "query.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

struct scanner {
    const char *at;
    char *error;
};

static bool fail(struct scanner *scanner, const char *reason, const char *about) {
    snprintf(scanner->error, QUERY_ERROR_SIZE, "%s%s%.64s", reason, *about ? ": " : "", about);
    return false;
}

static bool is_name_start(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static void skip_space(struct scanner *scanner) {
    while (*scanner->at && strchr(" \t\r\n", *scanner->at)) {
        scanner->at++;
    }
}

static bool take(struct scanner *scanner, char c) {
    skip_space(scanner);
    if (*scanner->at != c) {
        return false;
    }
    scanner->at++;
    return true;
}

static bool read_name(struct scanner *scanner, char name[QUERY_NAME_SIZE]) {
    skip_space(scanner);
    size_t length = 0;
    if (!is_name_start(*scanner->at)) {
        return fail(scanner, "a name was expected", scanner->at);
    }
    while (is_name_start(scanner->at[length]) || is_digit(scanner->at[length])) {
        if (length + 1 >= QUERY_NAME_SIZE) {
            return fail(scanner, "name too long", scanner->at);
        }
        name[length] = scanner->at[length];
        length++;
    }
    name[length] = '\0';
    scanner->at += length;
    return true;
}

static bool take_word(struct scanner *scanner, const char *word) {
    char name[QUERY_NAME_SIZE];
    struct scanner ahead = *scanner;
    char ignored[QUERY_ERROR_SIZE];
    ahead.error = ignored;
    if (!read_name(&ahead, name) || !same_name(name, word)) {
        return false;
    }
    scanner->at = ahead.at;
    return true;
}

static bool add_character(struct scanner *scanner, char *value, size_t *length, char c) {
    if (*length + 1 >= QUERY_VALUE_SIZE) {
        return fail(scanner, "value too long", "");
    }
    value[(*length)++] = c;
    value[*length] = '\0';
    return true;
}

/* 'text' with '' for one quote, or a whole number. */
static bool read_literal(struct scanner *scanner, char value[QUERY_VALUE_SIZE]) {
    size_t length = 0;
    value[0] = '\0';
    if (!take(scanner, '\'')) {
        while (is_digit(*scanner->at) || (length == 0 && *scanner->at == '-')) {
            if (!add_character(scanner, value, &length, *scanner->at++)) {
                return false;
            }
        }
        return length > 0 || fail(scanner, "a quoted value was expected", scanner->at);
    }
    for (;;) {
        char c = *scanner->at;
        if (!c) {
            return fail(scanner, "value without closing quote", "");
        }
        scanner->at++;
        if (c == '\'') {
            if (*scanner->at != '\'') {
                return true;
            }
            scanner->at++;
        }
        if (!add_character(scanner, value, &length, c)) {
            return false;
        }
    }
}

struct column_list {
    size_t count; /* 0 means all */
    char names[SCHEMA_COLUMN_LIMIT][QUERY_NAME_SIZE];
};

static bool read_columns(struct scanner *scanner, struct column_list *list) {
    list->count = 0;
    if (take(scanner, '*')) {
        return true;
    }
    do {
        if (list->count == SCHEMA_COLUMN_LIMIT) {
            return fail(scanner, "too many columns", "");
        }
        if (!read_name(scanner, list->names[list->count])) {
            return false;
        }
        list->count++;
    } while (take(scanner, ','));
    return true;
}

static bool resolve_columns(struct scanner *scanner, const struct column_list *list, struct query *query) {
    const struct schema *schema = &SCHEMAS[query->table];
    query->column_count = list->count ? list->count : schema_column_count(schema);
    for (size_t i = 0; i < query->column_count; i++) {
        query->columns[i] = list->count ? schema_column(schema, list->names[i]) : (int)i;
        if (query->columns[i] < 0) {
            return fail(scanner, "no such column", list->names[i]);
        }
    }
    return true;
}

static bool read_where(struct scanner *scanner, struct query *query) {
    char name[QUERY_NAME_SIZE];
    query->comparison = COMPARE_NONE;
    if (!take_word(scanner, "WHERE")) {
        return true;
    }
    if (!read_name(scanner, name)) {
        return false;
    }
    query->where_column = schema_column(&SCHEMAS[query->table], name);
    if (query->where_column < 0) {
        return fail(scanner, "no such column", name);
    }
    if (take(scanner, '=')) {
        query->comparison = COMPARE_EQUAL;
        take(scanner, '='); /* SQLite's == */
    } else if (take_word(scanner, "LIKE")) {
        query->comparison = COMPARE_LIKE;
    } else {
        return fail(scanner, "only = and LIKE are supported", scanner->at);
    }
    skip_space(scanner);
    return read_literal(scanner, query->value);
}

bool query_parse(const char *sql, struct query *query, char *error) {
    struct scanner scanner = {sql, error};
    struct column_list list;
    char table[QUERY_NAME_SIZE];
    memset(query, 0, sizeof *query);
    error[0] = '\0';
    if (!take_word(&scanner, "SELECT")) {
        return fail(&scanner, "only SELECT is supported", "");
    }
    if (!read_columns(&scanner, &list)) {
        return false;
    }
    if (!take_word(&scanner, "FROM")) {
        return fail(&scanner, "FROM was expected", scanner.at);
    }
    if (!read_name(&scanner, table)) {
        return false;
    }
    int number = schema_table(table);
    if (number < 0) {
        return fail(&scanner, "no such table", table);
    }
    query->table = (enum table)number;
    if (!resolve_columns(&scanner, &list, query) || !read_where(&scanner, query)) {
        return false;
    }
    take(&scanner, ';');
    skip_space(&scanner);
    return !*scanner.at || fail(&scanner, "not supported", scanner.at);
}

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Greedy with one point to return to, so time is at most |pattern| × |value|. */
bool like(const char *pattern, const char *value) {
    const char *retry_pattern = NULL;
    const char *retry_value = NULL;
    while (*value) {
        if (*pattern == '%') {
            retry_pattern = ++pattern;
            retry_value = value;
        } else if (*pattern && (*pattern == '_' || lower(*pattern) == lower(*value))) {
            pattern++;
            value++;
        } else if (retry_pattern) {
            pattern = retry_pattern;
            value = ++retry_value;
        } else {
            return false;
        }
    }
    while (*pattern == '%') {
        pattern++;
    }
    return !*pattern;
}

bool query_matches(const struct query *query, const char *const *values) {
    switch (query->comparison) {
    case COMPARE_EQUAL:
        return strcmp(values[query->where_column], query->value) == 0;
    case COMPARE_LIKE:
        return like(query->value, values[query->where_column]);
    default:
        return true;
    }
}
