/* reach: whether anything accepts a TCP connection at an address and keeps it. */
#include <winsock2.h>
#include <ws2tcpip.h>
#include <stdlib.h>

#include "probe.h"
#include "start.h"

/* Winsock is loaded here alone: it costs every start of the probe otherwise. */
#define WINSOCK(name) __typeof__(&name) call_##name = (__typeof__(&name))(void *)optional_function(L"ws2_32.dll", #name)

static struct timeval span(DWORD ms) { return (struct timeval){(long)(ms / 1000), (long)(ms % 1000 * 1000)}; }

/* 0 if the connection is there and stays for `settle_ms`, else the error of Winsock. A relay in between may accept what
   it cannot deliver, and then closes it at once. Nothing is sent: what is spoken there is not the probe's business. */
static DWORD try_address(const ADDRINFOW *address, DWORD timeout_ms, DWORD settle_ms) {
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
  if (caller == INVALID_SOCKET) return (DWORD)call_WSAGetLastError();
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
  call_closesocket(caller);
  return (DWORD)error;
}

int reach_command(arguments *given) {
  WINSOCK(WSAStartup);
  WINSOCK(WSACleanup);
  WINSOCK(GetAddrInfoW);
  WINSOCK(FreeAddrInfoW);
  WSADATA data;
  ADDRINFOW wanted = {.ai_socktype = SOCK_STREAM}, *found = NULL;
  DWORD timeout_ms = number_option(given, L"--timeout-ms", 5000), settle_ms = number_option(given, L"--settle-ms", 300);
  if (given->count != 2) return fail("reach needs an address and a port", ERROR_INVALID_PARAMETER);
  uint64_t began = GetTickCount64();
  call_WSAStartup(0x0202, &data);
  DWORD code = (DWORD)call_GetAddrInfoW(given->items[0], given->items[1], &wanted, &found);
  for (const ADDRINFOW *each = found; each; each = each->ai_next)
    if (!(code = try_address(each, timeout_ms, settle_ms))) break;
  if (found) call_FreeAddrInfoW(found);
  call_WSACleanup();
  json_object(NULL);
  json_bool("reached", !code);
  json_unsigned("code", code);
  json_unsigned("waited_ms", GetTickCount64() - began);
  json_end();
  return 0;
}
