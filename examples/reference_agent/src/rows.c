#include "rows.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

void rows_add(struct rows *rows, const struct query *query, const char *const *values) {
    if (!query_matches(query, values)) {
        return;
    }
    const struct schema *schema = &SCHEMAS[query->table];
    struct text line = {0};
    for (size_t i = 0; i < query->column_count; i++) {
        text_add(&line, i ? "," : "{");
        text_add_json(&line, schema->columns[query->columns[i]]);
        text_add(&line, ":");
        text_add_json(&line, values[query->columns[i]]);
    }
    text_add(&line, "}");
    if (rows->count == rows->capacity) {
        rows->capacity = rows->capacity ? rows->capacity * 2 : 32;
        rows->lines = reallocate(rows->lines, rows->capacity * sizeof *rows->lines);
    }
    rows->lines[rows->count++] = line.data;
}

static int compare_lines(const void *left, const void *right) {
    return strcmp(*(char *const *)left, *(char *const *)right);
}

void rows_sort(struct rows *rows) {
    if (rows->count) {
        qsort(rows->lines, rows->count, sizeof *rows->lines, compare_lines);
    }
}

void rows_free(struct rows *rows) {
    for (size_t i = 0; i < rows->count; i++) {
        free(rows->lines[i]);
    }
    free(rows->lines);
    memset(rows, 0, sizeof *rows);
}

void rows_compare(const struct rows *before, const struct rows *after, rows_change *change, void *context) {
    size_t i = 0;
    size_t j = 0;
    while (i < before->count || j < after->count) {
        int order = i == before->count  ? 1
                    : j == after->count ? -1
                                        : strcmp(before->lines[i], after->lines[j]);
        if (order < 0) {
            change(context, "removed", before->lines[i++]);
        } else if (order > 0) {
            change(context, "added", after->lines[j++]);
        } else {
            i++;
            j++;
        }
    }
}
