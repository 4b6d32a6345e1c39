/* One blocking HTTPS exchange over WinHTTP, with the server's certificate checked before the body is sent. */
#ifndef EXCHANGE_H
#define EXCHANGE_H

#include <windows.h>
#include <winhttp.h>

#include "http.h"

enum { EXCHANGE_TIMEOUT_MS = 15000 };

/* The connection is reused between exchanges; NULL on failure. */
HINTERNET exchange_session(void);
void exchange_run(HINTERNET connection, const BYTE *pin, const char *path, const char *body,
                  struct http_reply *reply);

#endif
