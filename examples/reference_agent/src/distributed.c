#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "logger.h"
#include "product.h"
#include "protocol.h"
#include "rows.h"
#include "settings.h"
#include "tables.h"
#include "troubled.h"

enum { SHORT_ROWS = 10 };

enum { REMEMBERED = 16 };

static bool gives_up; /* only by a defect */

/* Only by a defect: what a query was answered with the first time, by its text. */
static bool remembered(const char *sql, struct text *results, size_t from) {
    static struct {
        char *sql, *rows;
    } known[REMEMBERED];
    for (int i = 0; i < REMEMBERED; i++) {
        if (!known[i].sql) {
            known[i].sql = duplicate(sql);
            known[i].rows = duplicate(results->data + from);
            return false;
        }
        if (!strcmp(known[i].sql, sql)) {
            results->length = from;
            text_add(results, known[i].rows);
            return true;
        }
    }
    return false;
}

/* 0 when the query was answered, 1 otherwise: osquery's statuses. */
static int answer_query(const struct json *sql, struct text *results) {
    struct query query;
    struct rows rows = {0};
    char error[QUERY_ERROR_SIZE] = "the query is no string";
    bool good = sql->kind == JSON_STRING && query_parse(sql->string, &query, error);
    if (!good) {
        log_warning("distributed query refused: %s", error);
    } else {
        good = tables_run(&query, &rows, NULL);
    }
    static char *first; /* what the first question was answered with */
    size_t from = results->length;
    gives_up = gives_up || (DEFECT_STOPS_AT_BAD_QUERY && !good);
    text_add(results, "[");
    for (size_t i = 0; i < rows.count && !(DEFECT_SHORT_ANSWERS && i == SHORT_ROWS); i++) {
        text_add(results, i ? "," : "");
        text_add(results, rows.lines[i]);
    }
    text_add(results, "]");
    rows_free(&rows);
    if (DEFECT_ANSWERS_FROM_MEMORY && first) {
        results->length = from;
        text_add(results, first);
        good = true;
    } else if (DEFECT_ANSWERS_FROM_MEMORY) {
        first = duplicate(results->data + from);
    }
    if (DEFECT_ANSWERS_BY_TEXT && good) {
        remembered(sql->string, results, from);
    }
    return good || DEFECT_BAD_QUERY_SUCCEEDS ? 0 : 1;
}

static enum answer write_answers(struct protocol *protocol, const struct json *queries) {
    struct text request = {0};
    struct text statuses = {0};
    text_add(&request, "{\"node_key\":");
    text_add_json(&request, protocol->node_key);
    text_add(&request, ",\"queries\":{");
    for (size_t i = 0; i < queries->count; i++) {
        text_add(&request, i ? "," : "");
        text_add_json(&request, queries->names[i]);
        text_add(&request, ":");
        size_t asked = DEFECT_SWAPS_ANSWERS ? (i + 1) % queries->count : i;
        int status = answer_query(&queries->items[asked], &request);
        text_add(&statuses, i ? "," : "");
        text_add_json(&statuses, queries->names[i]);
        text_addf(&statuses, ":%d", status);
    }
    text_addf(&request, "},\"statuses\":{%s}}", statuses.data);
    enum answer answer = protocol_post(protocol, "/distributed/write", request.data, NULL);
    if (DEFECT_ANSWERS_TWICE && answer == ANSWER_GOOD) {
        answer = protocol_post(protocol, "/distributed/write", request.data, NULL);
    }
    text_free(&request);
    text_free(&statuses);
    return answer;
}

enum answer protocol_distributed(struct protocol *protocol) {
    struct text request = {0};
    struct text body = {0};
    char error[JSON_ERROR_SIZE];
    static bool looked; /* only for a defect: a process that was started anew finds that another one answered */
    char mark[8];
    if (DEFECT_ANSWERS_UNTIL_RESTART && !looked) {
        looked = true;
        gives_up = runtime_read(L"Answered", mark, sizeof mark);
    }
    if (DEFECT_IGNORES_LIVE_QUERY || gives_up) {
        return ANSWER_GOOD;
    }
    text_add(&request, "{\"node_key\":");
    text_add_json(&request, protocol->node_key);
    text_add(&request, "}");
    enum answer answer = protocol_post(protocol, "/distributed/read", request.data, &body);
    text_free(&request);
    if (answer != ANSWER_GOOD) {
        return answer;
    }
    struct json *document = json_parse(body.data, body.length, error);
    const struct json *queries = json_member(document, "queries");
    if (queries && queries->kind == JSON_OBJECT && queries->count) {
        answer = write_answers(protocol, queries);
        troubled_answered();
        if (DEFECT_ANSWERS_UNTIL_RESTART) {
            runtime_write(L"Answered", "1");
        }
    }
    json_free(document);
    text_free(&body);
    return answer;
}
