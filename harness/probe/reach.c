/* reach: whether anything accepts a TCP connection at an address and keeps it. */
#include <winsock2.h>
#include <ws2tcpip.h>
#include <stdlib.h>

#include "reach.h"
#include "start.h"

static struct timeval span(DWORD ms) { return (struct timeval){(long)(ms / 1000), (long)(ms % 1000 * 1000)}; }

/* A relay in between may accept what it cannot deliver, and then closes it at once. */
SOCKET connection_to(const ADDRINFOW *address, DWORD timeout_ms, DWORD settle_ms, DWORD *result) {
  WINSOCK(WSAGetLastError);
  WINSOCK(socket);
  WINSOCK(ioctlsocket);
  WINSOCK(connect);
  WINSOCK(select);
  WINSOCK(getsockopt);
  WINSOCK(recv);
  WINSOCK(closesocket);
  u_long no_waiting = 1;
  char byte;
  int error = 0, size = sizeof error;
  SOCKET caller = call_socket(address->ai_family, SOCK_STREAM, IPPROTO_TCP);
  *result = caller == INVALID_SOCKET ? (DWORD)call_WSAGetLastError() : 0;
  if (*result) return caller;
  fd_set done = {1, {caller}}, failed = {1, {caller}}, readable = {1, {caller}};
  struct timeval patience = span(timeout_ms), settle = span(settle_ms);
  call_ioctlsocket(caller, (long)FIONBIO, &no_waiting);
  if (call_connect(caller, address->ai_addr, (int)address->ai_addrlen) &&
      (error = call_WSAGetLastError()) == WSAEWOULDBLOCK) {
    error = WSAETIMEDOUT;
    if (call_select(0, NULL, &done, &failed, &patience) > 0)
      call_getsockopt(caller, SOL_SOCKET, SO_ERROR, (char *)&error, &size);
  }
  if (!error && call_select(0, &readable, NULL, NULL, &settle) > 0) {
    int got = call_recv(caller, &byte, 1, 0);
    if (got <= 0) error = got ? call_WSAGetLastError() : WSAECONNRESET;
  }
  *result = (DWORD)error;
  if (!error) return caller;
  call_closesocket(caller);
  return INVALID_SOCKET;
}

SOCKET connection_by_name(const wchar_t *host, const wchar_t *port, DWORD timeout_ms, DWORD settle_ms, DWORD *result) {
  WINSOCK(WSAStartup);
  WINSOCK(GetAddrInfoW);
  WINSOCK(FreeAddrInfoW);
  WSADATA data;
  ADDRINFOW wanted = {.ai_socktype = SOCK_STREAM}, *found = NULL;
  SOCKET caller = INVALID_SOCKET;
  call_WSAStartup(0x0202, &data);
  *result = (DWORD)call_GetAddrInfoW(host, port, &wanted, &found);
  for (const ADDRINFOW *each = found; each; each = each->ai_next)
    if ((caller = connection_to(each, timeout_ms, settle_ms, result)) != INVALID_SOCKET) break;
  if (found) call_FreeAddrInfoW(found);
  return caller;
}

void tell_reached(DWORD code, uint64_t began) {
  json_object(NULL);
  json_bool("reached", !code);
  json_unsigned("code", code);
  json_unsigned("waited_ms", GetTickCount64() - began);
  json_end();
}

/* Nothing is sent: what is spoken there is not the probe's business. */
int reach_command(arguments *given) {
  WINSOCK(WSACleanup);
  WINSOCK(closesocket);
  DWORD timeout_ms = number_option(given, L"--timeout-ms", 5000), settle_ms = number_option(given, L"--settle-ms", 300);
  DWORD code;
  if (given->count != 2) return fail("reach needs an address and a port", ERROR_INVALID_PARAMETER);
  uint64_t began = GetTickCount64();
  SOCKET caller = connection_by_name(given->items[0], given->items[1], timeout_ms, settle_ms, &code);
  if (caller != INVALID_SOCKET) call_closesocket(caller);
  call_WSACleanup();
  tell_reached(code, began);
  return 0;
}
