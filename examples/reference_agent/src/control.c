#include <winsock2.h>

#include "control.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "logger.h"
#include "product.h"
#include "settings.h"
#include "status.h"

enum { LINE_SIZE = 64, ANSWER_SIZE = 8192, CLIENT_TIMEOUT_MS = 2000 };

static SOCKET listener = INVALID_SOCKET;
static HANDLE thread;

static void set_timeouts(SOCKET client) {
    DWORD timeout = CLIENT_TIMEOUT_MS;
    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, (const char *)&timeout, sizeof timeout);
    setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, (const char *)&timeout, sizeof timeout);
}

/* Reads up to the newline, which is cut off; false if none came in time or the line is too long. */
static bool read_line(SOCKET client, char *line, int size) {
    int length = 0;
    while (length < size - 1) {
        int count = recv(client, line + length, 1, 0);
        if (count <= 0) {
            return false;
        }
        if (line[length] == '\n') {
            line[length] = '\0';
            return true;
        }
        length++;
    }
    return false;
}

static void serve(SOCKET client) {
    char line[LINE_SIZE];
    struct text answer = {0};
    set_timeouts(client);
    if (!read_line(client, line, sizeof line)) {
        return;
    }
    if (strcmp(line, "status") == 0) {
        status_add(&answer);
    } else {
        text_add(&answer, "{\"error\":\"unknown command\"}");
    }
    text_add(&answer, "\n");
    send(client, answer.data, (int)answer.length, 0);
    text_free(&answer);
}

static DWORD WINAPI run_control(void *parameter) {
    (void)parameter;
    for (;;) {
        SOCKET client = accept(listener, NULL, NULL);
        if (client == INVALID_SOCKET) {
            return 0; /* closed by control_stop */
        }
        serve(client);
        closesocket(client);
    }
}

static void publish_port(void) {
    struct sockaddr_in address;
    int size = sizeof address;
    char port[8];
    if (getsockname(listener, (struct sockaddr *)&address, &size) == 0) {
        snprintf(port, sizeof port, "%u", ntohs(address.sin_port));
        runtime_write(L"ControlPort", port);
    }
}

bool control_start(void) {
    WSADATA data;
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(DEFECT_LISTENS_ON_ALL_INTERFACES ? INADDR_ANY : INADDR_LOOPBACK);
    if (WSAStartup(MAKEWORD(2, 2), &data) != 0) {
        return false;
    }
    listener = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    if (listener == INVALID_SOCKET || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, 4) != 0) {
        log_error("the command port does not open, error %d", WSAGetLastError());
        return false;
    }
    publish_port();
    thread = CreateThread(NULL, 0, run_control, NULL, 0, NULL);
    return thread != NULL;
}

void control_stop(void) {
    runtime_remove(L"ControlPort");
    if (listener != INVALID_SOCKET) {
        closesocket(listener);
    }
    if (thread) {
        WaitForSingleObject(thread, 2 * CLIENT_TIMEOUT_MS);
        CloseHandle(thread);
        thread = NULL;
    }
}

bool control_ask(const char *command, struct text *answer) {
    WSADATA data;
    char port[8];
    char reply[ANSWER_SIZE];
    struct sockaddr_in address = {.sin_family = AF_INET};
    if (!runtime_read(L"ControlPort", port, sizeof port) || WSAStartup(MAKEWORD(2, 2), &data) != 0) {
        return false;
    }
    SOCKET server = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((u_short)atoi(port));
    set_timeouts(server);
    struct text line = {0};
    text_addf(&line, "%s\n", command);
    bool good = connect(server, (struct sockaddr *)&address, sizeof address) == 0 &&
                send(server, line.data, (int)line.length, 0) == (int)line.length &&
                read_line(server, reply, sizeof reply);
    if (good) {
        text_add(answer, reply);
    }
    text_free(&line);
    closesocket(server);
    return good;
}
