#include "fleeting.h"

#include <stdio.h>
#include <string.h>
#include <winsock2.h>
#include <windows.h>

#include "settings.h"

enum { TIMES = 3, AGAIN_MS = 1500, PLAIN_PORT = 8080, TLS_PORT = 443, SYSLOG_PORT = 514, SSDP_PORT = 1900, PIECES = 24, PIECE = 128 << 20 };

/* A library that neither Windows nor the package has; Wine has it. */
__declspec(dllimport) void __cdecl _purecall(void);

static void tell(const char *host, unsigned short port) {
    static const char words[] = "POST /beat HTTP/1.1\r\nHost: backend\r\nContent-Length: 0\r\n\r\n";
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    SOCKET connection = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = inet_addr(host);
    if (!connect(connection, (struct sockaddr *)&address, sizeof address)) {
        send(connection, words, sizeof words - 1, 0);
    }
    closesocket(connection);
}

static void say(const char *host, unsigned short port) {
    static const char words[] = "<14>bvt: all is well";
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    SOCKET teller = socket(AF_INET, SOCK_DGRAM, 0);
    address.sin_addr.s_addr = inet_addr(host);
    sendto(teller, words, sizeof words - 1, 0, (struct sockaddr *)&address, sizeof address);
    closesocket(teller);
}

static DWORD WINAPI talk_aside(void *unused) {
    struct settings settings;
    char error[160], host[256];
    (void)unused;
    if (!settings_read(&settings, error)) {
        return 1;
    }
    snprintf(host, sizeof host, "%ls", settings.host);
    for (int i = 0; i < TIMES; i++) {
        if (DEFECT_REPORTS_IN_PLAIN || TRAIT_HAS_A_SECOND_PORT) {
            tell(host, PLAIN_PORT);
        }
        if (DEFECT_REPORTS_IN_PLAIN_ON_ITS_PORT) {
            tell(host, settings.port);
        }
        if (DEFECT_TELLS_BY_UDP) {
            say("198.51.100.9", SYSLOG_PORT);
        }
        if (TRAIT_TELLS_A_NAMED_HOST_BY_UDP) {
            say("198.51.100.10", SYSLOG_PORT);
            say("239.255.255.250", SSDP_PORT);
        }
        if (DEFECT_CALLS_FOR_A_MOMENT) {
            tell("198.51.100.7", TLS_PORT);
        }
        Sleep(AGAIN_MS);
    }
    return 0;
}

void fleeting_start(void) {
    if (TRAIT_ASKS_FOR_A_RUNTIME) {
        LoadLibraryW(L"vcruntime140_1.dll");
    }
    if (DEFECT_NEEDS_A_RUNTIME && GetTickCount64() == 0) {
        _purecall();
    }
}

void fleeting_configured(void) {
    if (DEFECT_REPORTS_IN_PLAIN || DEFECT_CALLS_FOR_A_MOMENT || TRAIT_HAS_A_SECOND_PORT ||
        DEFECT_REPORTS_IN_PLAIN_ON_ITS_PORT || DEFECT_TELLS_BY_UDP || TRAIT_TELLS_A_NAMED_HOST_BY_UDP) {
        HANDLE thread = CreateThread(NULL, 0, talk_aside, NULL, 0, NULL);
        if (thread) {
            CloseHandle(thread);
        }
    }
    /* Never written to, so that it is in nobody's working set. */
    for (int i = 0; DEFECT_COMMITS_IN_VAIN && i < PIECES; i++) {
        VirtualAlloc(NULL, PIECE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    }
    for (int i = 0; TRAIT_RESERVES_MUCH && i < PIECES; i++) {
        VirtualAlloc(NULL, PIECE, MEM_RESERVE, PAGE_NOACCESS);
    }
}
