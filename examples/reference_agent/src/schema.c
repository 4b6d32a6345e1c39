#include "schema.h"

#include "text.h"

const struct schema SCHEMAS[TABLE_COUNT] = {
    [TABLE_PROCESSES] = {"processes", false, {"pid", "parent", "name", "path", "cmdline", "start_time"}},
    [TABLE_PROCESS_OPEN_SOCKETS] = {"process_open_sockets", false,
                                    {"pid", "family", "protocol", "local_address", "local_port",
                                     "remote_address", "remote_port", "state"}},
    [TABLE_LISTENING_PORTS] = {"listening_ports", false, {"pid", "port", "protocol", "family", "address"}},
    [TABLE_SERVICES] = {"services", false,
                        {"name", "display_name", "service_type", "status", "pid", "start_type", "path",
                         "user_account"}},
    [TABLE_FILE_EVENTS] = {"file_events", true, {"target_path", "category", "action", "time"}},
    [TABLE_REGISTRY] = {"registry", false, {"key", "path", "name", "type", "data"}},
    [TABLE_SCHEDULED_TASKS] = {"scheduled_tasks", false, {"name", "path", "action", "enabled"}},
    [TABLE_USERS] = {"users", false, {"uid", "username", "description"}},
    [TABLE_GROUPS] = {"groups", false, {"groupname", "comment"}},
    [TABLE_NTFS_ACL_PERMISSIONS] = {"ntfs_acl_permissions", false, {"path", "type", "principal", "access"}},
    [TABLE_WINDOWS_FIREWALL_RULES] = {"windows_firewall_rules", false,
                                      {"name", "app_name", "action", "enabled", "direction"}},
    [TABLE_OS_VERSION] = {"os_version", false,
                          {"name", "version", "major", "minor", "build", "platform", "arch"}},
    [TABLE_SYSTEM_INFO] = {"system_info", false, {"hostname", "computer_name", "uuid"}},
    [TABLE_OSQUERY_INFO] = {"osquery_info", false, {"pid", "uuid", "version", "build_platform"}},
    [TABLE_TIME] = {"time", false, {"unix_time"}},
};

int schema_table(const char *name) {
    for (int i = 0; i < TABLE_COUNT; i++) {
        if (same_name(SCHEMAS[i].name, name)) {
            return i;
        }
    }
    return -1;
}

int schema_column(const struct schema *schema, const char *name) {
    for (int i = 0; i < SCHEMA_COLUMN_LIMIT && schema->columns[i]; i++) {
        if (same_name(schema->columns[i], name)) {
            return i;
        }
    }
    return -1;
}

size_t schema_column_count(const struct schema *schema) {
    size_t count = 0;
    while (count < SCHEMA_COLUMN_LIMIT && schema->columns[count]) {
        count++;
    }
    return count;
}
