#include "protocol.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "covert.h"
#include "json.h"
#include "logger.h"
#include "outbox.h"
#include "skew.h"
#include "status.h"
#include "troubled.h"

enum { SLOW_MS = 2000, BALLAST = 200 << 10 };

void protocol_open(struct protocol *protocol, const struct settings *settings, HANDLE stop) {
    memset(protocol, 0, sizeof *protocol);
    protocol->settings = *settings;
    protocol->http = http_open(settings);
    protocol->stop = stop;
    if (DEFECT_ENROLS_AT_EACH_START) {
        runtime_remove(L"NodeKey");
    }
    runtime_read(L"NodeKey", protocol->node_key, sizeof protocol->node_key);
    status_enrolled(protocol->node_key[0]);
}

void protocol_close(struct protocol *protocol) {
    http_close(protocol->http);
}

void protocol_forget(struct protocol *protocol) {
    protocol->node_key[0] = '\0';
    runtime_remove(L"NodeKey");
    status_enrolled(false);
}

static bool says_node_invalid(const char *body, size_t length) {
    char error[JSON_ERROR_SIZE];
    struct json *document = json_parse(body, length, error);
    const struct json *invalid = json_member(document, "node_invalid");
    bool result = invalid && invalid->kind == JSON_BOOLEAN && invalid->boolean;
    json_free(document);
    return result;
}

enum answer protocol_post(struct protocol *protocol, const char *path, const char *request, struct text *body) {
    struct http_reply reply;
    enum answer answer = ANSWER_GOOD;
    unsigned long long started = GetTickCount64();
    http_post(protocol->http, path, request, protocol->stop, &reply);
    unsigned long long took_ms = GetTickCount64() - started;
    if (took_ms > SLOW_MS) {
        log_warning("%s took %llu ms", path, took_ms);
    }
    if (reply.status == 200) {
        status_contact();
    } else {
        protocol->failed = true;
        if (DEFECT_TRIPS_OVER_A_PAGE && reply.body.length && reply.body.data[0] == '<') {
            *(volatile int *)NULL = 0; /* as where what no answer is is read as one */
        }
        covert_refused(reply.status);
        protocol->mistrusted = strstr(reply.error, "pinned");
        protocol->unanswered = !reply.status && !protocol->mistrusted;
        char trouble[HTTP_ERROR_SIZE + 64];
        snprintf(trouble, sizeof trouble, "%s: %s (status %d)", path, reply.error, reply.status);
        status_trouble(trouble);
        answer = ANSWER_TROUBLE;
    }
    if (answer == ANSWER_GOOD && says_node_invalid(reply.body.data, reply.body.length)) {
        answer = ANSWER_NODE_INVALID;
    }
    if (answer == ANSWER_GOOD && body) {
        *body = reply.body;
        return answer;
    }
    text_free(&reply.body);
    return answer;
}

static void add_node_key(const struct protocol *protocol, struct text *request) {
    text_add(request, "{\"node_key\":");
    text_add_json(request, protocol->node_key);
}

enum answer protocol_config(struct protocol *protocol, struct text *body) {
    struct text request = {0};
    add_node_key(protocol, &request);
    text_add(&request, "}");
    struct text path = {0};
    text_add(&path, "/config");
    if (DEFECT_SECRET_IN_URL) {
        text_addf(&path, "?node_key=%s", protocol->node_key);
    }
    enum answer answer = protocol_post(protocol, path.data, request.data, body);
    text_free(&path);
    text_free(&request);
    return answer;
}

/* Only a defect: a member that nobody asked for, and that is larger than all else. */
static void add_ballast(struct text *request) {
    text_add(request, ",\"debug\":\"");
    for (int i = 0; i < BALLAST / 64; i++) {
        text_add(request, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
    }
    text_add(request, "\"");
}

static enum answer post_lines(struct protocol *protocol, enum outbox_kind kind, const struct text *data) {
    struct text request = {0};
    add_node_key(protocol, &request);
    text_addf(&request, ",\"log_type\":\"%s\",\"data\":[", OUTBOX_LOG_TYPES[kind]);
    text_add_bytes(&request, data->data, data->length);
    text_add(&request, "]");
    if (DEFECT_SENDS_BALLAST) {
        add_ballast(&request);
    }
    text_add(&request, "}");
    enum answer answer = protocol_post(protocol, "/log", request.data, NULL);
    text_free(&request);
    return answer;
}

/* Only a defect: what was sent before the backend failed is sent again when it answers. */
static void resend(struct protocol *protocol, const struct text *data, enum answer answer) {
    static struct text sent;
    if (answer == ANSWER_GOOD) {
        if (protocol->failed && sent.data) {
            post_lines(protocol, OUTBOX_RESULT, &sent);
        }
        protocol->failed = false;
        text_clear(&sent);
        text_add_bytes(&sent, data->data, data->length);
    }
}

static enum answer send_batch(struct protocol *protocol, enum outbox_kind kind) {
    struct text data = {0};
    int count = outbox_peek(kind, &data);
    enum answer answer = ANSWER_GOOD;
    skew_batch(&data);
    troubled_batch(&data);
    if (count) {
        answer = post_lines(protocol, kind, &data);
        if (DEFECT_RESENDS_AFTER_OUTAGE && kind == OUTBOX_RESULT) {
            resend(protocol, &data, answer);
        }
    }
    if (answer == ANSWER_GOOD) {
        outbox_sent(kind, count);
    }
    text_free(&data);
    return answer;
}

static void send_malformed(struct protocol *protocol) {
    static bool sent;
    struct text request = {0};
    if (sent) {
        return;
    }
    sent = true;
    add_node_key(protocol, &request);
    text_add(&request, ",\"log_type\":\"gossip\",\"data\":[]}");
    protocol_post(protocol, "/log", request.data, NULL);
    text_free(&request);
}

enum answer protocol_log(struct protocol *protocol) {
    if (DEFECT_MALFORMED_LOG) {
        send_malformed(protocol);
    }
    enum answer answer = send_batch(protocol, OUTBOX_STATUS);
    return answer == ANSWER_GOOD ? send_batch(protocol, OUTBOX_RESULT) : answer;
}
