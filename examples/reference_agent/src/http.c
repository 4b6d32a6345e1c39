/* A worker thread does the blocking exchange. A server that accepts and then stays mute in the TLS handshake can hold
 * WinHTTP for ever on Wine; such a worker is abandoned with everything it owns, and a new one takes its place. */
#include "http.h"

#include <stdio.h>
#include <stdlib.h>

#include "exchange.h"
#include "text.h"

/* A stop waits no longer than LAST_ANSWER_MS for the answer to what was sent: what was heard is not to be told again. */
enum { GUARD_MS = EXCHANGE_TIMEOUT_MS + 10000, PATIENT_MS = 8000, LAST_ANSWER_MS = 3000 };

struct worker {
    struct settings settings;
    HANDLE go;
    HANDLE done;
    LONG owners; /* the client and the thread; the last one frees */
    bool quit;
    char *path;
    char *body;
    struct http_reply reply;
};

struct http {
    struct settings settings;
    struct worker *worker;
};

static void release(struct worker *worker) {
    if (InterlockedDecrement(&worker->owners) > 0) {
        return;
    }
    CloseHandle(worker->go);
    CloseHandle(worker->done);
    text_free(&worker->reply.body);
    free(worker->path);
    free(worker->body);
    free(worker);
}

static DWORD WINAPI run_worker(void *parameter) {
    struct worker *worker = parameter;
    HINTERNET session = exchange_session();
    HINTERNET connection =
        session ? WinHttpConnect(session, worker->settings.host, worker->settings.port, 0) : NULL;
    while (WaitForSingleObject(worker->go, INFINITE) == WAIT_OBJECT_0 && !worker->quit) {
        if (connection) {
            unsigned long long began = GetTickCount64();
            exchange_run(connection, worker->settings.pin, worker->path, worker->body, &worker->reply);
            if (DEFECT_WAITS_FOR_EVER && !worker->reply.status && GetTickCount64() - began > PATIENT_MS) {
                Sleep(INFINITE); /* as if no time limit had been set: Wine's WinHTTP has one of its own */
            }
        } else {
            snprintf(worker->reply.error, HTTP_ERROR_SIZE, "WinHTTP does not start");
        }
        SetEvent(worker->done);
    }
    if (connection) {
        WinHttpCloseHandle(connection);
    }
    if (session) {
        WinHttpCloseHandle(session);
    }
    release(worker);
    return 0;
}

static struct worker *start_worker(const struct settings *settings) {
    struct worker *worker = allocate(sizeof *worker);
    worker->settings = *settings;
    worker->owners = 2;
    worker->go = CreateEventW(NULL, FALSE, FALSE, NULL);
    worker->done = CreateEventW(NULL, FALSE, FALSE, NULL);
    HANDLE thread = CreateThread(NULL, 0, run_worker, worker, 0, NULL);
    if (!thread) {
        worker->owners = 1;
        release(worker);
        return NULL;
    }
    CloseHandle(thread);
    return worker;
}

static void dismiss(struct http *http) {
    if (http->worker) {
        http->worker->quit = true;
        SetEvent(http->worker->go);
        release(http->worker);
        http->worker = NULL;
    }
}

struct http *http_open(const struct settings *settings) {
    struct http *http = allocate(sizeof *http);
    http->settings = *settings;
    return http;
}

void http_post(struct http *http, const char *path, const char *body, HANDLE stop, struct http_reply *reply) {
    *reply = (struct http_reply){0};
    if (!http->worker) {
        http->worker = start_worker(&http->settings);
    }
    struct worker *worker = http->worker;
    if (!worker) {
        snprintf(reply->error, HTTP_ERROR_SIZE, "no thread for the request");
        return;
    }
    free(worker->path);
    free(worker->body);
    worker->path = duplicate(path);
    worker->body = duplicate(body);
    SetEvent(worker->go);
    HANDLE events[] = {worker->done, stop};
    DWORD ended = WaitForMultipleObjects(2, events, FALSE, DEFECT_WAITS_FOR_EVER ? INFINITE : GUARD_MS);
    if (ended == WAIT_OBJECT_0 + 1 && WaitForSingleObject(worker->done, LAST_ANSWER_MS) == WAIT_OBJECT_0) {
        ended = WAIT_OBJECT_0;
    }
    switch (ended) {
    case WAIT_OBJECT_0:
        *reply = worker->reply;
        worker->reply = (struct http_reply){0};
        return;
    case WAIT_OBJECT_0 + 1:
        snprintf(reply->error, HTTP_ERROR_SIZE, "the service is stopping");
        break;
    default:
        snprintf(reply->error, HTTP_ERROR_SIZE, "no answer within %d s", GUARD_MS / 1000);
    }
    dismiss(http);
}

void http_close(struct http *http) {
    dismiss(http);
    free(http);
}
