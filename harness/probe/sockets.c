/* sockets: TCP and UDP endpoints with their owners ("GetExtendedTcpTable function"). */
#include <winsock2.h>
#include <iphlpapi.h>
#include <stdio.h>
#include <stdlib.h>

#include "probe.h"

typedef DWORD(WINAPI *get_table)(void *, DWORD *, BOOL, ULONG, int, ULONG);

static const char *const states[] = {NULL,         "closed",     "listen",     "syn_sent", "syn_received",
                                     "established", "fin_wait_1", "fin_wait_2", "close_wait", "closing",
                                     "last_ack",   "time_wait",  "delete_tcb"};

/* 0 with a table that the caller frees, or a Win32 error. */
static DWORD table(const char *function, ULONG family, int kind, void **found) {
  get_table get = (get_table)(void *)optional_function(L"iphlpapi.dll", function);
  DWORD size = 65536, status = ERROR_PROC_NOT_FOUND;
  *found = NULL;
  for (int tries = 0; get && tries < 8; tries++) { /* the table may grow between two calls */
    void *memory = allocate(size);
    status = get(memory, &size, FALSE, family, kind, 0);
    if (!status) {
      *found = memory;
      return 0;
    }
    free(memory);
    if (status != ERROR_INSUFFICIENT_BUFFER) break;
    size += 4096;
  }
  return status;
}

/* Before version 9, Wine lists the sockets of the whole host and looks for the owner of each among all open files: a
 * host with some ten thousand connections that are just over keeps it busy for minutes. Where there are that many, it
 * is asked for those that listen or are established alone. */
static int host_has_many(void) {
  enum { MANY_BYTES = 1000 * 150 }; /* a thousand lines */
  const char *(*wine)(void) = (void *)GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version");
  if (!wine || strtoul(wine(), NULL, 10) >= 9) return 0;
  HANDLE file = CreateFileW(L"\\\\?\\unix\\proc\\net\\tcp", GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                            OPEN_EXISTING, 0, NULL);
  if (file == INVALID_HANDLE_VALUE) return 0;
  char piece[4096];
  DWORD got = 0, size = 0;
  while (size < MANY_BYTES && ReadFile(file, piece, sizeof piece, &got, NULL) && got) size += got;
  CloseHandle(file);
  return size >= MANY_BYTES;
}

static unsigned port(DWORD network) { return (network & 0xFF) << 8 | (network >> 8 & 0xFF); }

static void address4(const char *key, DWORD network) {
  char dotted[24];
  sprintf(dotted, "%u.%u.%u.%u", (unsigned)(network & 255), (unsigned)(network >> 8 & 255),
          (unsigned)(network >> 16 & 255), (unsigned)(network >> 24));
  json_ascii(key, dotted);
}

static void address6(const char *key, const UCHAR *bytes) {
  typedef wchar_t *(WINAPI * to_string)(const void *, wchar_t *);
  to_string convert = (to_string)(void *)optional_function(L"ntdll.dll", "RtlIpv6AddressToStringW");
  wchar_t written[64] = L"";
  if (convert) convert(bytes, written);
  json_text(key, written);
}

static void rest(unsigned remote_port, DWORD state, DWORD pid) {
  json_unsigned("remote_port", remote_port);
  if (state && state < sizeof states / sizeof *states) json_ascii("state", states[state]);
  else json_null("state");
  if (pid) json_unsigned("pid", pid);
  else json_null("pid"); /* Wine knows the owner only after it has sent something */
  json_end();
}

static void udp_rest(DWORD pid) {
  json_null("remote_address");
  json_null("remote_port");
  json_null("state");
  if (pid) json_unsigned("pid", pid);
  else json_null("pid");
  json_end();
}

static DWORD tcp4(int kind) {
  MIB_TCPTABLE_OWNER_PID *found;
  DWORD error = table("GetExtendedTcpTable", AF_INET, kind, (void **)&found);
  for (DWORD i = 0; !error && i < found->dwNumEntries; i++) {
    MIB_TCPROW_OWNER_PID *row = &found->table[i];
    json_object(NULL);
    json_ascii("protocol", "tcp");
    address4("local_address", row->dwLocalAddr);
    json_unsigned("local_port", port(row->dwLocalPort));
    address4("remote_address", row->dwRemoteAddr);
    rest(port(row->dwRemotePort), row->dwState, row->dwOwningPid);
  }
  free(found);
  return error;
}

static void tcp6(int kind) { /* a system may have none */
  MIB_TCP6TABLE_OWNER_PID *found;
  DWORD error = table("GetExtendedTcpTable", AF_INET6, kind, (void **)&found);
  for (DWORD i = 0; !error && i < found->dwNumEntries; i++) {
    MIB_TCP6ROW_OWNER_PID *row = &found->table[i];
    json_object(NULL);
    json_ascii("protocol", "tcp6");
    address6("local_address", row->ucLocalAddr);
    json_unsigned("local_port", port(row->dwLocalPort));
    address6("remote_address", row->ucRemoteAddr);
    rest(port(row->dwRemotePort), row->dwState, row->dwOwningPid);
  }
  free(found);
}

static DWORD udp4(void) {
  MIB_UDPTABLE_OWNER_PID *found;
  DWORD error = table("GetExtendedUdpTable", AF_INET, UDP_TABLE_OWNER_PID, (void **)&found);
  for (DWORD i = 0; !error && i < found->dwNumEntries; i++) {
    json_object(NULL);
    json_ascii("protocol", "udp");
    address4("local_address", found->table[i].dwLocalAddr);
    json_unsigned("local_port", port(found->table[i].dwLocalPort));
    udp_rest(found->table[i].dwOwningPid);
  }
  free(found);
  return error;
}

static void udp6(void) {
  MIB_UDP6TABLE_OWNER_PID *found;
  DWORD error = table("GetExtendedUdpTable", AF_INET6, UDP_TABLE_OWNER_PID, (void **)&found);
  for (DWORD i = 0; !error && i < found->dwNumEntries; i++) {
    json_object(NULL);
    json_ascii("protocol", "udp6");
    address6("local_address", found->table[i].ucLocalAddr);
    json_unsigned("local_port", port(found->table[i].dwLocalPort));
    udp_rest(found->table[i].dwOwningPid);
  }
  free(found);
}

int sockets_command(arguments *given) {
  static const int all[] = {TCP_TABLE_OWNER_PID_ALL, -1};
  static const int few[] = {TCP_TABLE_OWNER_PID_LISTENER, TCP_TABLE_OWNER_PID_CONNECTIONS, -1};
  const int *kinds = host_has_many() ? few : all;
  DWORD error = 0;
  (void)given;
  json_array(NULL);
  for (int i = 0; !error && kinds[i] >= 0; i++) {
    error = tcp4(kinds[i]);
    tcp6(kinds[i]);
  }
  if (error) return fail("GetExtendedTcpTable", error);
  if ((error = udp4())) return fail("GetExtendedUdpTable", error);
  udp6();
  json_end();
  return 0;
}
