#include "tables.h"

#include <stddef.h>

#include "product.h"

/* A withheld source is how a candidate with a telemetry defect is made. */
static const struct {
    table_source *run;
    bool withheld;
} SOURCES[TABLE_COUNT] = {
    [TABLE_PROCESSES] = {processes_table, DEFECT_NO_PROCESS_EVENTS},
    [TABLE_PROCESS_OPEN_SOCKETS] = {process_open_sockets_table, DEFECT_NO_CONNECTION_EVENTS},
    [TABLE_LISTENING_PORTS] = {listening_ports_table, DEFECT_NO_LISTENING_PORT_EVENTS},
    [TABLE_SERVICES] = {services_table, DEFECT_NO_SERVICE_EVENTS},
    [TABLE_FILE_EVENTS] = {file_events_table, DEFECT_NO_FILE_EVENTS},
    [TABLE_REGISTRY] = {registry_table, DEFECT_NO_REGISTRY_EVENTS},
    [TABLE_SCHEDULED_TASKS] = {scheduled_tasks_table, DEFECT_NO_SCHEDULED_TASK_EVENTS},
    [TABLE_USERS] = {users_table, DEFECT_NO_USER_EVENTS},
    [TABLE_GROUPS] = {groups_table, DEFECT_NO_GROUP_EVENTS},
    [TABLE_NTFS_ACL_PERMISSIONS] = {ntfs_acl_permissions_table, DEFECT_NO_PERMISSION_EVENTS},
    [TABLE_WINDOWS_FIREWALL_RULES] = {windows_firewall_rules_table, DEFECT_NO_FIREWALL_RULE_EVENTS},
    [TABLE_OS_VERSION] = {os_version_table, false},
    [TABLE_SYSTEM_INFO] = {system_info_table, false},
    [TABLE_OSQUERY_INFO] = {osquery_info_table, false},
    [TABLE_TIME] = {time_table, false},
};

void table_row(struct sink *sink, const char *const *values) {
    rows_add(sink->rows, sink->query, values);
}

bool tables_run(const struct query *query, struct rows *rows, long long *after) {
    struct sink sink = {query, rows, after ? *after : 0};
    if (SOURCES[query->table].withheld) {
        return true;
    }
    bool good = SOURCES[query->table].run(&sink);
    if (after) {
        *after = sink.after;
    }
    return good;
}
