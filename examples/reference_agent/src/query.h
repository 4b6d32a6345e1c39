/* The one form of SQL the agent speaks. Pure.
 *
 *     SELECT column [, column …] | *  FROM table  [WHERE column = 'x' | column LIKE 'x']  [;]
 *
 * `=` compares exactly, `LIKE` without ASCII case and with % and _, as in SQLite.
 */
#ifndef QUERY_H
#define QUERY_H

#include <stdbool.h>
#include <stddef.h>

#include "schema.h"

enum { QUERY_ERROR_SIZE = 160, QUERY_NAME_SIZE = 64, QUERY_VALUE_SIZE = 512 };

enum comparison { COMPARE_NONE, COMPARE_EQUAL, COMPARE_LIKE };

struct query {
    enum table table;
    size_t column_count;
    int columns[SCHEMA_COLUMN_LIMIT]; /* positions in the table's schema, in the order asked for */
    enum comparison comparison;
    int where_column;
    char value[QUERY_VALUE_SIZE];
};

/* False says why in `error` (QUERY_ERROR_SIZE bytes): syntax, unknown table, unknown column. */
bool query_parse(const char *sql, struct query *query, char *error);
/* Whether a row of the query's table (values in schema order) satisfies the WHERE clause. */
bool query_matches(const struct query *query, const char *const *values);
bool like(const char *pattern, const char *value);

#endif
