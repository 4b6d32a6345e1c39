/* Processes by Toolhelp. What a process is does not change, so it is asked once and remembered until it is gone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#include <tlhelp32.h>

#include "process_info.h"
#include "subtle.h"
#include "tables.h"
#include "text.h"
#include "wide.h"

struct known {
    DWORD pid;
    DWORD parent;
    unsigned long long started; /* FILETIME; tells a reused pid apart */
    char *name;
    char *path;
    char *command_line;
    bool seen;
};

/* A program that starts has no path or command line for a moment, which lasts seconds on a slow machine. Windows' own
 * processes, such as System, never have one; older than this, a process is taken as it is. */
enum { STARTING_S = 15 };

static struct known *known;
static size_t known_count, known_capacity;

static unsigned long long start_time(HANDLE process) {
    FILETIME created, exited, kernel, user;
    if (!process || !GetProcessTimes(process, &created, &exited, &kernel, &user)) {
        return 0;
    }
    return (unsigned long long)created.dwHighDateTime << 32 | created.dwLowDateTime;
}

static HANDLE open_process(DWORD pid) {
    HANDLE process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_VM_READ, FALSE, pid);
    return process ? process : OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, pid);
}

static void forget(struct known *process) {
    free(process->name);
    free(process->path);
    free(process->command_line);
}

/* This clock goes in steps, so that a process may have started a little after it, or long after if it was set back. */
static bool young(unsigned long long started) {
    const long long limit = STARTING_S * 10000000LL;
    FILETIME now;
    GetSystemTimeAsFileTime(&now);
    long long age = (long long)(((unsigned long long)now.dwHighDateTime << 32 | now.dwLowDateTime) - started);
    return age < limit && age > -limit;
}

/* Learns nothing while the process is still starting: a later round asks again. */
static void learn(const PROCESSENTRY32W *entry, HANDLE process, unsigned long long started) {
    char *path = process ? process_path(process) : duplicate("");
    const char *base = strrchr(path, '\\');
    struct known fresh = {
        .pid = entry->th32ProcessID,
        .parent = entry->th32ParentProcessID,
        .started = started,
        .name = *entry->szExeFile ? narrow(entry->szExeFile) : duplicate(base ? base + 1 : path), /* see process_path */
        .path = path,
        .command_line = subtle_command_line(process ? process_command_line(process) : duplicate("")),
        .seen = true,
    };
    bool incomplete = process && (!*fresh.path || !*fresh.command_line);
    if (!*fresh.name || (incomplete && young(started))) {
        forget(&fresh);
        return;
    }
    if (known_count == known_capacity) {
        known_capacity = known_capacity ? known_capacity * 2 : 64;
        known = reallocate(known, known_capacity * sizeof *known);
    }
    known[known_count++] = fresh;
}

static void recognise(const PROCESSENTRY32W *entry) {
    HANDLE process = entry->th32ProcessID ? open_process(entry->th32ProcessID) : NULL;
    /* Listed, and ended before we could look: not worth learning. What may not be opened is an access error. */
    bool ended = entry->th32ProcessID && !process && GetLastError() == ERROR_INVALID_PARAMETER;
    unsigned long long started = start_time(process);
    bool found = false;
    for (size_t i = 0; i < known_count && !found; i++) {
        /* One that is ending is still listed when nobody can open it any more. */
        found = known[i].pid == entry->th32ProcessID && (known[i].started == started || !process);
        known[i].seen |= found;
    }
    if (!found && !ended) {
        learn(entry, process, started);
    }
    if (process) {
        CloseHandle(process);
    }
}

static bool refresh(void) {
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    if (snapshot == INVALID_HANDLE_VALUE) {
        return false;
    }
    for (size_t i = 0; i < known_count; i++) {
        known[i].seen = false;
    }
    const size_t before = known_count;
    PROCESSENTRY32W entry = {.dwSize = sizeof entry};
    for (BOOL more = Process32FirstW(snapshot, &entry); more; more = Process32NextW(snapshot, &entry)) {
        recognise(&entry);
    }
    CloseHandle(snapshot);
    if (DEFECT_SWAPS_IN_BURSTS) {
        for (size_t i = before; i + 1 < known_count; i += 2) { /* those learned in this round */
            char *line = known[i].command_line;
            known[i].command_line = known[i + 1].command_line;
            known[i + 1].command_line = line;
        }
    }
    size_t kept = 0;
    for (size_t i = 0; i < known_count; i++) {
        if (known[i].seen) {
            known[kept++] = known[i];
        } else {
            forget(&known[i]);
        }
    }
    known_count = kept;
    return true;
}

bool processes_table(struct sink *sink) {
    if (!refresh()) {
        return false;
    }
    for (size_t i = 0; i < known_count; i++) {
        char pid[16], parent[16], started[24];
        const unsigned long long epoch = 116444736000000000ULL; /* 1970 in FILETIME's 100 ns since 1601 */
        snprintf(pid, sizeof pid, "%lu", known[i].pid);
        snprintf(parent, sizeof parent, "%lu", known[i].parent);
        snprintf(started, sizeof started, "%llu",
                 known[i].started > epoch ? (known[i].started - epoch) / 10000000 : 0);
        table_row(sink, (const char *[]){pid, parent, known[i].name, known[i].path, known[i].command_line, started});
    }
    return true;
}
