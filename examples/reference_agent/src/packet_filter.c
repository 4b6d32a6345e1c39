#include "packet_filter.h"

#include <stdio.h>
#include <winsock2.h>
#include <ws2tcpip.h>
#include <windows.h>

/* How Wine names a file of the system below. */
#define NFT L"\\\\?\\unix\\usr\\sbin\\nft"
#define TABLE L"inet bvt_isolation"

enum { TIMEOUT_MS = 5000, LOOK_MS = 10, ANSWER_MS = 500, NOBODYS_PORT = 1, COMMAND_SIZE = 1024 };

bool packet_filter_there(void) {
    HMODULE ntdll = GetModuleHandleW(L"ntdll.dll");
    return ntdll && GetProcAddress(ntdll, "wine_get_version") &&
           GetFileAttributesW(NFT) != INVALID_FILE_ATTRIBUTES;
}

/* Wine hands out no handle of a program of the system below, and takes from it what it would say to a service. So
 * what came of it is looked at by itself. */
static void start_nft(const wchar_t *arguments) {
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process = {0};
    wchar_t line[COMMAND_SIZE];
    swprintf(line, COMMAND_SIZE, L"nft \"%ls\"", arguments);
    if (CreateProcessW(NFT, line, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &process) && process.hProcess) {
        CloseHandle(process.hThread);
        CloseHandle(process.hProcess);
    }
}

/* The error of a connection: 0 if it was taken, WSAETIMEDOUT if nothing came of it. */
static int error_of_connection(const struct sockaddr_in *address) {
    SOCKET connection = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    u_long at_once = 1;
    int error = WSAETIMEDOUT, size = sizeof error;
    ioctlsocket(connection, FIONBIO, &at_once);
    if (connect(connection, (const struct sockaddr *)address, sizeof *address) == 0) {
        error = 0;
    } else if (WSAGetLastError() != WSAEWOULDBLOCK) {
        error = WSAGetLastError();
    } else {
        WSAPOLLFD waited = {.fd = connection, .events = POLLOUT};
        if (WSAPoll(&waited, 1, ANSWER_MS) > 0) {
            getsockopt(connection, SOL_SOCKET, SO_ERROR, (char *)&error, &size);
        }
    }
    closesocket(connection);
    return error;
}

/* The filter refuses by itself and at once; the host would answer with a reset, or never. */
bool packet_filter_blocks(const wchar_t *host) {
    WSADATA data;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(NOBODYS_PORT)};
    if (WSAStartup(MAKEWORD(2, 2), &data) != 0) {
        return false;
    }
    int error = InetPtonW(AF_INET, host, &address.sin_addr) == 1 ? error_of_connection(&address) : WSAETIMEDOUT;
    WSACleanup();
    return error != 0 && error != WSAETIMEDOUT && error != WSAECONNREFUSED;
}

static bool becomes(bool blocked, const wchar_t *host) {
    unsigned long long until = GetTickCount64() + TIMEOUT_MS;
    while (packet_filter_blocks(host) != blocked) {
        if (GetTickCount64() >= until) {
            return false;
        }
        Sleep(LOOK_MS);
    }
    return true;
}

/* Only answers to what the host itself asks; what it says to itself comes by its own interface. */
static const wchar_t nobody_comes_in[] = L"; add chain " TABLE L" in { type filter hook input priority 0; policy drop; };"
                                         L" add rule " TABLE L" in iif lo accept;"
                                         L" add rule " TABLE L" in ct direction reply accept";

bool packet_filter_block(const wchar_t *host, unsigned port) {
    wchar_t rules[COMMAND_SIZE];
    /* One command, so that nothing is blocked without the way to the backend. A refusal comes sooner than silence. */
    swprintf(rules, COMMAND_SIZE,
             L"add table " TABLE L"; flush table " TABLE L";"
             L" add chain " TABLE L" out { type filter hook output priority 0; policy drop; };"
             L" add rule " TABLE L" out %ls accept;"
             L" add rule " TABLE L" out ip daddr 127.0.0.0/8 accept;"
             L" add rule " TABLE L" out ip6 daddr ::1 accept;"
             L" add rule " TABLE L" out ip daddr %ls tcp dport %u accept;"
             L" add rule " TABLE L" out reject with icmpx type admin-prohibited%ls",
             DEFECT_SPARES_OPEN_CONNECTIONS ? L"tcp flags & syn == 0" : L"ct direction reply",
             host, DEFECT_CUTS_OFF_ITS_BACKEND ? NOBODYS_PORT : port, TRAIT_SHUTS_ALL_DOORS ? nobody_comes_in : L"");
    start_nft(rules);
    return becomes(true, host);
}

bool packet_filter_open(const wchar_t *host) {
    start_nft(L"add table " TABLE L"; delete table " TABLE);
    return !host || becomes(false, host);
}
