/* The client side of osquery's TLS remote API (osquery documentation, "Remote API"). Each call is one exchange. */
#ifndef PROTOCOL_H
#define PROTOCOL_H

#include <stdbool.h>

#include "http.h"

enum answer {
    ANSWER_GOOD,
    ANSWER_TROUBLE,      /* no answer, or one that makes no sense: try again later */
    ANSWER_NODE_INVALID, /* enrol again */
};

struct protocol {
    struct http *http;
    struct settings settings;
    HANDLE stop;
    char node_key[256]; /* empty: not enrolled */
    bool mistrusted, unanswered; /* why the last request failed */
    bool failed;                 /* whether one did since results were sent last; only a defect clears it */
};

void protocol_open(struct protocol *protocol, const struct settings *settings, HANDLE stop);
void protocol_close(struct protocol *protocol);

enum answer protocol_enrol(struct protocol *protocol);
/* `body` receives what the backend serves, valid or not; freed by the caller. */
enum answer protocol_config(struct protocol *protocol, struct text *body);
/* Sends one batch of each kind that waits. */
enum answer protocol_log(struct protocol *protocol);
/* Fetches distributed queries, runs them, writes their results. */
enum answer protocol_distributed(struct protocol *protocol);
/* Forgets the node key. */
void protocol_forget(struct protocol *protocol);

/* One POST with its answer judged; used by the parts of the protocol. `body` may be NULL. */
enum answer protocol_post(struct protocol *protocol, const char *path, const char *request, struct text *body);

#endif
