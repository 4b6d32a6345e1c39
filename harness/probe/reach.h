/* Connections to another host. Include it before <windows.h>. */
#ifndef BVT_REACH_H
#define BVT_REACH_H
#include <winsock2.h>
#include <ws2tcpip.h>

#include "probe.h"

/* Winsock is loaded by those few alone: it costs every start of the probe otherwise. */
#define WINSOCK(name) __typeof__(&name) call_##name = (__typeof__(&name))(void *)optional_function(L"ws2_32.dll", #name)

/* A connection that is there and stays for `settle_ms`, which no call waits for; else INVALID_SOCKET and the error of
   Winsock. The second one starts Winsock, too. */
SOCKET connection_to(const ADDRINFOW *address, DWORD timeout_ms, DWORD settle_ms, DWORD *result);
SOCKET connection_by_name(const wchar_t *host, const wchar_t *port, DWORD timeout_ms, DWORD settle_ms, DWORD *result);

void tell_reached(DWORD code, uint64_t began); /* the answer of `reach` */
#endif
