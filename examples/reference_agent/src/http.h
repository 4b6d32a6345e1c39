/* HTTPS POST to one server whose certificate is pinned. */
#ifndef HTTP_H
#define HTTP_H

#include <stdbool.h>
#include <windows.h>

#include "settings.h"
#include "text.h"

enum { HTTP_ERROR_SIZE = 160 };

struct http_reply {
    int status; /* 0: no answer, `error` says why */
    struct text body;
    char error[HTTP_ERROR_SIZE];
};

struct http; /* used by one thread */

struct http *http_open(const struct settings *settings);
/* Posts JSON. Returns when there is an answer, an error, the request's deadline has passed or `stop` is set. The
 * caller frees reply->body. */
void http_post(struct http *http, const char *path, const char *body, HANDLE stop, struct http_reply *reply);
void http_close(struct http *http);

#endif
