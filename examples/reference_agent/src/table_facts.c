/* Tables of one row about the machine and the agent. */
#include <stdio.h>
#include <time.h>

#include <windows.h>

#include "identity.h"
#include "product.h"
#include "tables.h"

bool os_version_table(struct sink *sink) {
    const struct identity *me = identity();
    char major[16], minor[16], build[16];
    snprintf(major, sizeof major, "%lu", me->os_major);
    snprintf(minor, sizeof minor, "%lu", me->os_minor);
    snprintf(build, sizeof build, "%lu", me->os_build);
    table_row(sink, (const char *[]){me->os_name, me->os_version, major, minor, build, "windows", "64-bit"});
    return true;
}

bool system_info_table(struct sink *sink) {
    const struct identity *me = identity();
    table_row(sink, (const char *[]){me->hostname, me->hostname, me->uuid});
    return true;
}

bool osquery_info_table(struct sink *sink) {
    char pid[16];
    snprintf(pid, sizeof pid, "%lu", GetCurrentProcessId());
    table_row(sink, (const char *[]){pid, identity()->uuid, REPORTED_VERSION, "windows"});
    return true;
}

bool time_table(struct sink *sink) {
    char now[24];
    snprintf(now, sizeof now, "%lld", (long long)time(NULL));
    table_row(sink, (const char *[]){now});
    return true;
}
