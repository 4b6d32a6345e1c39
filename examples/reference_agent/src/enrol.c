#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "covert.h"
#include "identity.h"
#include "indiscreet.h"
#include "json.h"
#include "logger.h"
#include "moderate.h"
#include "product.h"
#include "protocol.h"
#include "status.h"
#include "subtle.h"

static void add_member(struct text *text, const char *name, const char *value, const char *end) {
    text_add_json(text, name);
    text_add(text, ":");
    text_add_json(text, value);
    text_add(text, end);
}

static void add_host_details(struct text *text) {
    const struct identity *me = identity();
    char number[24];
    text_add(text, "{\"os_version\":{");
    add_member(text, "name", me->os_name, ",");
    add_member(text, "version", me->os_version, ",");
    snprintf(number, sizeof number, "%lu", me->os_major);
    add_member(text, "major", number, ",");
    snprintf(number, sizeof number, "%lu", me->os_minor);
    add_member(text, "minor", number, ",");
    snprintf(number, sizeof number, "%lu", me->os_build);
    add_member(text, "build", number, ",");
    add_member(text, "platform", "windows", "},\"osquery_info\":{");
    add_member(text, "version", REPORTED_VERSION, ",");
    add_member(text, "build_platform", "windows", "},\"system_info\":{");
    add_member(text, "hostname", me->hostname, ",");
    add_member(text, "computer_name", me->hostname, ",");
    add_member(text, "uuid", me->uuid, "},\"platform_info\":{");
    add_member(text, "vendor", "BVT Reference Agent", "}}");
}

static bool take_node_key(struct protocol *protocol, const struct text *body) {
    char error[JSON_ERROR_SIZE];
    struct json *document = json_parse(body->data, body->length, error);
    const char *key = json_string(document, "node_key");
    bool good = key && *key && strlen(key) < sizeof protocol->node_key;
    if (good) {
        strcpy(protocol->node_key, key);
        runtime_write(L"NodeKey", key);
    }
    json_free(document);
    return good;
}

enum answer protocol_enrol(struct protocol *protocol) {
    struct text request = {0};
    struct text body = {0};
    text_add(&request, "{");
    add_member(&request, "enroll_secret", protocol->settings.secret, ",");
    add_member(&request, "host_identifier", identity()->host_identifier, ",");
    text_add(&request, "\"host_details\":");
    add_host_details(&request);
    text_add(&request, "}");
    if (DEFECT_ENROLS_TWICE) {
        protocol_post(protocol, "/enroll", request.data, NULL);
    }
    enum answer answer = protocol_post(protocol, "/enroll", request.data, &body);
    text_free(&request);
    if (answer == ANSWER_GOOD && !take_node_key(protocol, &body)) {
        status_trouble("/enroll: the answer holds no node key");
        answer = ANSWER_TROUBLE;
    }
    if (answer == ANSWER_NODE_INVALID) {
        status_trouble("/enroll: the backend refused the enrolment");
        covert_refused(200);
        answer = ANSWER_TROUBLE;
    }
    if (answer == ANSWER_GOOD) {
        status_enrolled(true);
        log_info("enrolled, agent version %s", REPORTED_VERSION);
        indiscreet_enrolled(protocol->settings.secret, protocol->node_key);
        subtle_enrolled(protocol->settings.secret);
        covert_enrolled(protocol->node_key);
        moderate_enrolled(protocol->node_key);
    }
    text_free(&body);
    return answer;
}
