/* TCP sockets with their owners, IPv4 and IPv6, by GetExtendedTcpTable. */
#include <winsock2.h>

#include <ws2tcpip.h>

#include <iphlpapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tables.h"
#include "text.h"

struct socket_row {
    char pid[16], local_address[64], local_port[8], remote_address[64], remote_port[8];
    const char *family; /* the numbers of osquery's schema: 2 and 23 on Windows */
    DWORD state;
};

static const char *state_name(DWORD state) {
    static const char *const names[] = {"UNKNOWN",   "CLOSED",     "LISTEN",     "SYN_SENT", "SYN_RCVD",
                                        "ESTABLISHED", "FIN_WAIT1", "FIN_WAIT2", "CLOSE_WAIT", "CLOSING",
                                        "LAST_ACK",  "TIME_WAIT",  "DELETE_TCB"};
    return state < sizeof names / sizeof *names ? names[state] : names[0];
}

static void set_port(char text[8], DWORD port) {
    snprintf(text, 8, "%u", ntohs((u_short)port));
}

/* The table may grow between two calls; four tries are plenty. A system without the family has an empty table. */
static void *read_table(ULONG family) {
    ULONG size = 16 * 1024;
    void *table = NULL;
    for (int tries = 0; tries < 4; tries++) {
        table = reallocate(table, size);
        DWORD result = GetExtendedTcpTable(table, &size, FALSE, family, TCP_TABLE_OWNER_PID_ALL, 0);
        if (result == NO_ERROR) {
            return table;
        }
        if (result == ERROR_NOT_SUPPORTED) {
            memset(table, 0, sizeof(DWORD)); /* both families' tables start with the number of entries */
            return table;
        }
        if (result != ERROR_INSUFFICIENT_BUFFER) {
            break;
        }
    }
    free(table);
    return NULL;
}

/* One reading serves both tables of a round: asking for owners is dear, on Wine above all. */
enum { SNAPSHOT_MS = 500 };

static struct {
    struct socket_row *rows;
    size_t count, capacity;
    unsigned long long taken; /* GetTickCount64; 0: none */
} snapshot;

static struct socket_row *add_socket(const char *family, DWORD state, DWORD pid, DWORD local_port, DWORD remote_port) {
    if (snapshot.count == snapshot.capacity) {
        snapshot.capacity = snapshot.capacity ? snapshot.capacity * 2 : 128;
        snapshot.rows = reallocate(snapshot.rows, snapshot.capacity * sizeof *snapshot.rows);
    }
    struct socket_row *row = &snapshot.rows[snapshot.count++];
    *row = (struct socket_row){.family = family, .state = state};
    snprintf(row->pid, sizeof row->pid, "%lu", pid);
    set_port(row->local_port, local_port);
    set_port(row->remote_port, state == MIB_TCP_STATE_LISTEN ? 0 : remote_port);
    return row;
}

static bool read_ipv4(void) {
    MIB_TCPTABLE_OWNER_PID *table = read_table(AF_INET);
    for (DWORD i = 0; table && i < table->dwNumEntries; i++) {
        const MIB_TCPROW_OWNER_PID *entry = &table->table[i];
        struct socket_row *row =
            add_socket("2", entry->dwState, entry->dwOwningPid, entry->dwLocalPort, entry->dwRemotePort);
        inet_ntop(AF_INET, &entry->dwLocalAddr, row->local_address, sizeof row->local_address);
        inet_ntop(AF_INET, &entry->dwRemoteAddr, row->remote_address, sizeof row->remote_address);
    }
    free(table);
    return table != NULL;
}

static bool read_ipv6(void) {
    MIB_TCP6TABLE_OWNER_PID *table = read_table(AF_INET6);
    for (DWORD i = 0; table && i < table->dwNumEntries; i++) {
        const MIB_TCP6ROW_OWNER_PID *entry = &table->table[i];
        struct socket_row *row =
            add_socket("23", entry->dwState, entry->dwOwningPid, entry->dwLocalPort, entry->dwRemotePort);
        inet_ntop(AF_INET6, entry->ucLocalAddr, row->local_address, sizeof row->local_address);
        inet_ntop(AF_INET6, entry->ucRemoteAddr, row->remote_address, sizeof row->remote_address);
    }
    free(table);
    return table != NULL;
}

static bool refresh(void) {
    if (snapshot.taken && GetTickCount64() - snapshot.taken < SNAPSHOT_MS) {
        return true;
    }
    snapshot.count = 0;
    bool good = read_ipv4() && read_ipv6();
    snapshot.taken = good ? GetTickCount64() : 0;
    return good;
}

bool process_open_sockets_table(struct sink *sink) {
    if (!refresh()) {
        return false;
    }
    for (size_t i = 0; i < snapshot.count; i++) {
        const struct socket_row *row = &snapshot.rows[i];
        if (row->state != MIB_TCP_STATE_LISTEN) {
            table_row(sink, (const char *[]){row->pid, row->family, "6", row->local_address, row->local_port,
                                             row->remote_address, row->remote_port, state_name(row->state)});
        }
    }
    return true;
}

bool listening_ports_table(struct sink *sink) {
    if (!refresh()) {
        return false;
    }
    for (size_t i = 0; i < snapshot.count; i++) {
        const struct socket_row *row = &snapshot.rows[i];
        if (row->state == MIB_TCP_STATE_LISTEN) {
            table_row(sink, (const char *[]){row->pid, row->local_port, "6", row->family, row->local_address});
        }
    }
    return true;
}
