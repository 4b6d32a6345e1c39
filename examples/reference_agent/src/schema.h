/* Which tables the agent has and their columns, named as in osquery's schema. Pure. */
#ifndef SCHEMA_H
#define SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

enum { SCHEMA_COLUMN_LIMIT = 16 };

enum table {
    TABLE_PROCESSES,
    TABLE_PROCESS_OPEN_SOCKETS,
    TABLE_LISTENING_PORTS,
    TABLE_SERVICES,
    TABLE_FILE_EVENTS,
    TABLE_REGISTRY,
    TABLE_SCHEDULED_TASKS,
    TABLE_USERS,
    TABLE_GROUPS,
    TABLE_NTFS_ACL_PERMISSIONS,
    TABLE_WINDOWS_FIREWALL_RULES,
    TABLE_OS_VERSION,
    TABLE_SYSTEM_INFO,
    TABLE_OSQUERY_INFO,
    TABLE_TIME,
    TABLE_COUNT,
};

struct schema {
    const char *name;
    bool evented; /* rows are events since the last run, not a state to compare */
    const char *columns[SCHEMA_COLUMN_LIMIT]; /* NULL after the last */
};

extern const struct schema SCHEMAS[TABLE_COUNT];

/* The table's number, or -1. Names compare without case, as in SQL. */
int schema_table(const char *name);
/* The column's position, or -1. */
int schema_column(const struct schema *schema, const char *name);
size_t schema_column_count(const struct schema *schema);

#endif
