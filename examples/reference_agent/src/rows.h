/* Results of a query: each row is one JSON object, so that comparing two results is comparing sorted lines. Pure. */
#ifndef ROWS_H
#define ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "query.h"

struct rows {
    char **lines;
    size_t count;
    size_t capacity;
};

/* Adds a row of the query's table (values in schema order) if the WHERE clause admits it; only the chosen columns. */
void rows_add(struct rows *rows, const struct query *query, const char *const *values);
void rows_sort(struct rows *rows);
void rows_free(struct rows *rows);

/* Calls back for every line that is only in `before` (action "removed") or only in `after` ("added"); both sorted. */
typedef void rows_change(void *context, const char *action, const char *line);
void rows_compare(const struct rows *before, const struct rows *after, rows_change *change, void *context);

#endif
