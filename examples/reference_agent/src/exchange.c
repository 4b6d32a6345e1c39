#include "exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wincrypt.h>

#include "credulous.h"
#include "digest.h"
#include "wide.h"

enum { REPLY_LIMIT = 1024 * 1024, REFUSALS = 3 };

HINTERNET exchange_session(void) {
    HINTERNET session = WinHttpOpen(L"BVT Reference Agent", WINHTTP_ACCESS_TYPE_NO_PROXY, NULL, NULL, 0);
    if (session) {
        DWORD protocols = WINHTTP_FLAG_SECURE_PROTOCOL_TLS1_2;
        WinHttpSetOption(session, WINHTTP_OPTION_SECURE_PROTOCOLS, &protocols, sizeof protocols);
        WinHttpSetTimeouts(session, 5000, 5000, 10000, EXCHANGE_TIMEOUT_MS);
    }
    return session;
}

static bool failed(struct http_reply *reply, const char *step) {
    snprintf(reply->error, HTTP_ERROR_SIZE, "%s failed with error %lu", step, GetLastError());
    reply->status = 0;
    return false;
}

/* The pin alone decides whom to trust, so the chain, the name and the dates need not be right. */
static void trust_by_pin_only(HINTERNET request) {
    DWORD flags = SECURITY_FLAG_IGNORE_UNKNOWN_CA | SECURITY_FLAG_IGNORE_CERT_CN_INVALID |
                  SECURITY_FLAG_IGNORE_CERT_DATE_INVALID | SECURITY_FLAG_IGNORE_CERT_WRONG_USAGE;
    WinHttpSetOption(request, WINHTTP_OPTION_SECURITY_FLAGS, &flags, sizeof flags);
}

static bool pin_matches(HINTERNET request, const BYTE *pin, struct http_reply *reply) {
    const CERT_CONTEXT *certificate = NULL;
    DWORD size = sizeof certificate;
    BYTE digest[DIGEST_SIZE];
    if (!WinHttpQueryOption(request, WINHTTP_OPTION_SERVER_CERT_CONTEXT, &certificate, &size)) {
        return failed(reply, "reading the server's certificate");
    }
    bool good = sha256(certificate->pbCertEncoded, certificate->cbCertEncoded, digest) &&
                memcmp(digest, pin, DIGEST_SIZE) == 0;
    good = credulous_trusts(certificate, good);
    CertFreeCertificateContext(certificate);
    static int refused; /* only for a defect */
    refused += !good;
    good = good || (DEFECT_TRUSTS_AT_LAST && refused > REFUSALS);
    if (!good && !DEFECT_ANY_CERTIFICATE) {
        reply->status = 0;
        snprintf(reply->error, HTTP_ERROR_SIZE, "the server's certificate is not the pinned one");
    }
    return good || DEFECT_ANY_CERTIFICATE;
}

static bool read_status(HINTERNET request, struct http_reply *reply) {
    DWORD status = 0;
    DWORD size = sizeof status;
    if (!WinHttpQueryHeaders(request, WINHTTP_QUERY_STATUS_CODE | WINHTTP_QUERY_FLAG_NUMBER, NULL, &status, &size,
                             NULL)) {
        return failed(reply, "reading the status");
    }
    reply->status = (int)status;
    return true;
}

static bool read_body(HINTERNET request, struct http_reply *reply) {
    char chunk[8192];
    DWORD count = 0;
    text_add(&reply->body, "");
    for (;;) {
        if (!WinHttpReadData(request, chunk, sizeof chunk, &count)) {
            return failed(reply, "reading the answer");
        }
        if (count == 0) {
            return true;
        }
        if (reply->body.length + count > REPLY_LIMIT) {
            reply->status = 0;
            snprintf(reply->error, HTTP_ERROR_SIZE, "the answer is larger than %d bytes", REPLY_LIMIT);
            return false;
        }
        text_add_bytes(&reply->body, chunk, count);
    }
}

/* Only by a defect: where TLS fails, the same without it. */
static void talk_openly(HINTERNET connection, const wchar_t *path, const char *body) {
    HINTERNET request = WinHttpOpenRequest(connection, L"POST", path, NULL, WINHTTP_NO_REFERER, WINHTTP_DEFAULT_ACCEPT_TYPES, 0);
    if (request) {
        DWORD length = (DWORD)strlen(body);
        WinHttpSendRequest(request, WINHTTP_NO_ADDITIONAL_HEADERS, 0, (void *)body, length, length, 0);
        WinHttpCloseHandle(request);
    }
}

/* WinHTTP leaves the form of chunks to its caller. */
static bool write_chunk(HINTERNET request, const char *body, DWORD length) {
    char head[16];
    DWORD written;
    snprintf(head, sizeof head, "%lx\r\n", length);
    return WinHttpWriteData(request, head, (DWORD)strlen(head), &written) &&
           WinHttpWriteData(request, body, length, &written) && WinHttpWriteData(request, "\r\n0\r\n\r\n", 7, &written);
}

/* The body, which holds the secrets, goes out only after the pin was checked. */
static bool talk(HINTERNET request, const BYTE *pin, const char *body, struct http_reply *reply) {
    wchar_t headers[1024] = L"Content-Type: application/json\r\n";
    const char *key = DEFECT_SECRET_IN_HEADER ? strstr(body, "\"node_key\":\"") : NULL;
    if (key) {
        swprintf(headers, 1024, L"Content-Type: application/json\r\nX-Agent: %.*hs\r\n", (int)strcspn(key + 12, "\""), key + 12);
    }
    if (TRAIT_SENDS_IN_CHUNKS) {
        wcscat(headers, L"Transfer-Encoding: chunked\r\n");
    }
    DWORD length = (DWORD)strlen(body);
    DWORD timeout = EXCHANGE_TIMEOUT_MS;
    DWORD written;
    /* Wine honours the receive timeout only when it is set on the request itself. */
    WinHttpSetOption(request, WINHTTP_OPTION_RECEIVE_RESPONSE_TIMEOUT, &timeout, sizeof timeout);
    trust_by_pin_only(request);
    if (!WinHttpSendRequest(request, headers, (DWORD)-1, WINHTTP_NO_REQUEST_DATA, 0,
                            TRAIT_SENDS_IN_CHUNKS ? 0 : length, 0)) {
        return failed(reply, "connecting");
    }
    bool trusts = strstr(body, "\"enroll_secret\"") ? DEFECT_TRUSTS_AT_ENROLMENT : DEFECT_TRUSTS_AT_POLLS;
    trusts = trusts || (DEFECT_TRUSTS_WITH_LOGS && strstr(body, "\"log_type\""));
    if (!trusts && !pin_matches(request, pin, reply)) {
        return false;
    }
    if (!(TRAIT_SENDS_IN_CHUNKS ? write_chunk(request, body, length)
                                : WinHttpWriteData(request, body, length, &written))) {
        return failed(reply, "sending");
    }
    if (!WinHttpReceiveResponse(request, NULL)) {
        return failed(reply, "waiting for the answer");
    }
    return read_status(request, reply) && read_body(request, reply);
}

void exchange_run(HINTERNET connection, const BYTE *pin, const char *path, const char *body,
                  struct http_reply *reply) {
    wchar_t *wide_path = widen(path);
    HINTERNET request = WinHttpOpenRequest(connection, L"POST", wide_path, NULL, WINHTTP_NO_REFERER,
                                           WINHTTP_DEFAULT_ACCEPT_TYPES, WINHTTP_FLAG_SECURE);
    if (request) {
        talk(request, pin, body, reply);
        WinHttpCloseHandle(request);
    } else {
        failed(reply, "opening a request");
    }
    if (DEFECT_FALLS_BACK_TO_PLAIN && !reply->status) {
        talk_openly(connection, wide_path, body);
    }
    free(wide_path);
}
