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

static void *table(const char *function, ULONG family, int kind) {
  get_table get = (get_table)(void *)optional_function(L"iphlpapi.dll", function);
  DWORD size = 65536;
  for (int tries = 0; get && tries < 8; tries++) { /* the table may grow between two calls */
    void *memory = allocate(size);
    DWORD status = get(memory, &size, FALSE, family, kind, 0);
    if (!status) return memory;
    free(memory);
    if (status != ERROR_INSUFFICIENT_BUFFER) return NULL;
    size += 4096;
  }
  return NULL;
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

static void tcp(void) {
  MIB_TCPTABLE_OWNER_PID *four = table("GetExtendedTcpTable", AF_INET, TCP_TABLE_OWNER_PID_ALL);
  for (DWORD i = 0; four && i < four->dwNumEntries; i++) {
    MIB_TCPROW_OWNER_PID *row = &four->table[i];
    json_object(NULL);
    json_ascii("protocol", "tcp");
    address4("local_address", row->dwLocalAddr);
    json_unsigned("local_port", port(row->dwLocalPort));
    address4("remote_address", row->dwRemoteAddr);
    rest(port(row->dwRemotePort), row->dwState, row->dwOwningPid);
  }
  free(four);
  MIB_TCP6TABLE_OWNER_PID *six = table("GetExtendedTcpTable", AF_INET6, TCP_TABLE_OWNER_PID_ALL);
  for (DWORD i = 0; six && i < six->dwNumEntries; i++) {
    MIB_TCP6ROW_OWNER_PID *row = &six->table[i];
    json_object(NULL);
    json_ascii("protocol", "tcp6");
    address6("local_address", row->ucLocalAddr);
    json_unsigned("local_port", port(row->dwLocalPort));
    address6("remote_address", row->ucRemoteAddr);
    rest(port(row->dwRemotePort), row->dwState, row->dwOwningPid);
  }
  free(six);
}

static void udp(void) {
  MIB_UDPTABLE_OWNER_PID *four = table("GetExtendedUdpTable", AF_INET, UDP_TABLE_OWNER_PID);
  for (DWORD i = 0; four && i < four->dwNumEntries; i++) {
    json_object(NULL);
    json_ascii("protocol", "udp");
    address4("local_address", four->table[i].dwLocalAddr);
    json_unsigned("local_port", port(four->table[i].dwLocalPort));
    udp_rest(four->table[i].dwOwningPid);
  }
  free(four);
  MIB_UDP6TABLE_OWNER_PID *six = table("GetExtendedUdpTable", AF_INET6, UDP_TABLE_OWNER_PID);
  for (DWORD i = 0; six && i < six->dwNumEntries; i++) {
    json_object(NULL);
    json_ascii("protocol", "udp6");
    address6("local_address", six->table[i].ucLocalAddr);
    json_unsigned("local_port", port(six->table[i].dwLocalPort));
    udp_rest(six->table[i].dwOwningPid);
  }
  free(six);
}

int sockets_command(arguments *given) {
  (void)given;
  json_array(NULL);
  tcp();
  udp();
  json_end();
  return 0;
}
