/* The stimuli that last: a child process holds them, and ends by itself or when `unstimulate` sets its event. */
#include <winsock2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "start.h"
#include "stimulate.h"

typedef struct {
  DWORD error;
  WORD local, remote; /* host byte order */
} ports;

static wchar_t *event_name(const wchar_t *kind, const wchar_t *nonce) {
  return join_text(L"Global\\bvt-", kind, L"-", nonce, NULL);
}

/* Starts `hold KIND` and reads its ports from a pipe that only it inherits. */
static int start_holder(const stimulus *wanted, DWORD *pid, wchar_t **line, ports *opened) {
  SECURITY_ATTRIBUTES inherit = {sizeof inherit, NULL, TRUE};
  HANDLE ours, theirs;
  wchar_t numbers[96];
  DWORD got = 0;
  started holder;
  if (!CreatePipe(&ours, &theirs, &inherit, 0)) return fail("CreatePipe", GetLastError());
  SetHandleInformation(ours, HANDLE_FLAG_INHERIT, 0);
  swprintf(numbers, 96, L" --hold-ms %lu --pipe %llu", wanted->hold_ms, (unsigned long long)(ULONG_PTR)theirs);
  *line = join_text(L"\"", own_path(), L"\" hold ", wanted->kind, *wanted->padding ? L" --padding " : L"", wanted->padding, L" --nonce ", wanted->nonce, numbers, NULL);
  start_options options = {.extra = theirs, .flags = DETACHED_PROCESS};
  DWORD error = start_program(*line, &options, &holder);
  CloseHandle(theirs);
  if (error) return fail("cannot start the holding process", error);
  *pid = holder.pid;
  if (!ReadFile(ours, opened, sizeof *opened, &got, NULL) || got != sizeof *opened)
    return fail("the holding process ended at once", ERROR_BROKEN_PIPE);
  CloseHandle(ours);
  return opened->error ? fail("the holding process could not open its sockets", opened->error) : 0;
}

int start_process(const stimulus *wanted) {
  DWORD pid;
  wchar_t *line;
  ports unused;
  if (start_holder(wanted, &pid, &line, &unused)) return 1;
  fact_number("pid", pid);
  json_text("path", own_path());
  json_text("cmdline", line);
  json_text("nonce", wanted->nonce);
  return 0;
}

int open_connection(const stimulus *wanted) {
  DWORD pid;
  wchar_t *line;
  ports opened;
  if (start_holder(wanted, &pid, &line, &opened)) return 1;
  fact_number("pid", pid);
  fact_number("local_port", opened.local);
  json_ascii("remote_address", "127.0.0.1");
  fact_number("remote_port", opened.remote);
  json_text("nonce", wanted->nonce);
  return 0;
}

int open_listener(const stimulus *wanted) {
  DWORD pid;
  wchar_t *line;
  ports opened;
  if (start_holder(wanted, &pid, &line, &opened)) return 1;
  fact_number("pid", pid);
  fact_number("port", opened.local);
  json_ascii("address", "127.0.0.1");
  json_text("nonce", wanted->nonce);
  return 0;
}

int end_held(const stimulus *wanted) {
  HANDLE event = OpenEventW(EVENT_MODIFY_STATE, FALSE, event_name(wanted->kind, wanted->nonce));
  if (event) { /* else it has ended already */
    SetEvent(event);
    CloseHandle(event);
  }
  return 0;
}

/* Winsock is loaded by those two stimuli alone: it costs every start of the probe otherwise. */
#define WINSOCK(name) __typeof__(&name) call_##name = (__typeof__(&name))(void *)optional_function(L"ws2_32.dll", #name)

static ports open_sockets(int connection) {
  WINSOCK(WSAStartup);
  WINSOCK(WSAGetLastError);
  WINSOCK(socket);
  WINSOCK(bind);
  WINSOCK(listen);
  WINSOCK(getsockname);
  WINSOCK(connect);
  WINSOCK(accept);
  WINSOCK(ioctlsocket);
  WINSOCK(send);
  WINSOCK(recv);
  WSADATA data;
  ports opened = {0, 0, 0};
  struct sockaddr_in listening = {.sin_family = AF_INET}, calling;
  int size = sizeof listening;
  char byte = 'b';
  u_long no_waiting = 1;
  listening.sin_addr.s_addr = 0x0100007F; /* 127.0.0.1 */
  call_WSAStartup(0x0202, &data);
  SOCKET server = call_socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
  if (call_bind(server, (struct sockaddr *)&listening, sizeof listening) || call_listen(server, 4) ||
      call_getsockname(server, (struct sockaddr *)&listening, &size)) {
    opened.error = (DWORD)call_WSAGetLastError();
    return opened;
  }
  opened.local = (WORD)(listening.sin_port << 8 | listening.sin_port >> 8);
  if (!connection) {
    /* Fails, but from now on Wine knows whose socket this is. A blocking one would wait for ever there. */
    call_ioctlsocket(server, (long)FIONBIO, &no_waiting);
    call_send(server, &byte, 1, 0);
    return opened;
  }
  SOCKET client = call_socket(AF_INET, SOCK_STREAM, IPPROTO_TCP), accepted;
  size = sizeof calling;
  if (call_connect(client, (struct sockaddr *)&listening, sizeof listening) ||
      (accepted = call_accept(server, NULL, NULL)) == INVALID_SOCKET || call_send(client, &byte, 1, 0) != 1 ||
      call_recv(accepted, &byte, 1, 0) != 1 || call_send(accepted, &byte, 1, 0) != 1 ||
      call_recv(client, &byte, 1, 0) != 1 || call_getsockname(client, (struct sockaddr *)&calling, &size)) {
    opened.error = (DWORD)call_WSAGetLastError();
    return opened;
  }
  opened.remote = opened.local;
  opened.local = (WORD)(calling.sin_port << 8 | calling.sin_port >> 8);
  return opened; /* the sockets stay open until this process ends */
}

int hold_command(arguments *given) {
  const wchar_t *nonce = take_option(given, L"--nonce"), *pipe_number = take_option(given, L"--pipe");
  take_option(given, L"--padding"); /* only makes the command line long */
  DWORD hold_ms = number_option(given, L"--hold-ms", 15000), wrote;
  ports opened = {0, 0, 0};
  if (given->count != 1 || !nonce || !pipe_number) return fail("hold is for the probe itself", ERROR_INVALID_PARAMETER);
  HANDLE pipe = (HANDLE)(ULONG_PTR)_wcstoui64(pipe_number, NULL, 10);
  HANDLE event = CreateEventW(NULL, TRUE, FALSE, event_name(given->items[0], nonce));
  if (wcscmp(given->items[0], L"process_start")) opened = open_sockets(!wcscmp(given->items[0], L"connection"));
  WriteFile(pipe, &opened, sizeof opened, &wrote, NULL);
  CloseHandle(pipe);
  if (!opened.error) {
    if (event) WaitForSingleObject(event, hold_ms);
    else Sleep(hold_ms);
  }
  json_object(NULL);
  json_end();
  return 0;
}
