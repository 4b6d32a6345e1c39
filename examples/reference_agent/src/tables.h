/* Runs a query against the tables that exist on this machine. */
#ifndef TABLES_H
#define TABLES_H

#include <stdbool.h>

#include "config.h"
#include "rows.h"

/* What a table's source fills: it calls `table_row` for every row, values in schema order, none NULL. */
struct sink {
    const struct query *query;
    struct rows *rows;
    long long after; /* evented tables: only events with a larger number; updated to the last one given */
};
void table_row(struct sink *sink, const char *const *values);

/* Each returns false when the system cannot answer. */
typedef bool table_source(struct sink *sink);
table_source processes_table, process_open_sockets_table, listening_ports_table, services_table, file_events_table,
    registry_table, scheduled_tasks_table, users_table, groups_table, ntfs_acl_permissions_table,
    windows_firewall_rules_table, os_version_table, system_info_table, osquery_info_table, time_table;

/* Fills `rows`. `after` is the caller's place in the table's events, 0 at first; NULL for all that are remembered. */
bool tables_run(const struct query *query, struct rows *rows, long long *after);

/* Which files and registry keys the event sources watch from now on; `config` is copied from. */
void file_watch_configure(const struct config *config);
void file_watch_stop(void);
void registry_watch_configure(const struct config *config);

#endif
