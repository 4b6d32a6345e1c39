/* What every command of the probe shares. A command writes one JSON value and returns 0, or calls fail(). */
#ifndef BVT_PROBE_H
#define BVT_PROBE_H
#include "json.h"

typedef struct {
  int count;
  wchar_t **items;
  wchar_t *command_line; /* what follows `--`: raw, or the one item there was; NULL without `--` */
  wchar_t *rest;         /* what follows `--`, always raw */
} arguments;

typedef int command_function(arguments *given);

/* Does what the probe's arguments ask for, and answers on standard output; what the process ends with. */
int do_asked(arguments *given);

/* Records what failed with which Win32 code, and returns non-zero. */
int fail(const char *what, DWORD code);
/* What fail() was told last, as an object under `key`. */
void json_failure(const char *key);

/* Takes `name VALUE` out of the arguments; NULL if absent. */
wchar_t *take_option(arguments *given, const wchar_t *name);
int take_flag(arguments *given, const wchar_t *name);
/* Splits a raw command line by the rules of the C runtime ("Parsing C command-line arguments"). */
arguments split_arguments(const wchar_t *raw, int skip_program);

const wchar_t *raw_arguments(int skip); /* our own raw command line without the first ones */

void *allocate(size_t bytes); /* zeroed; ends the process when memory is out */
wchar_t *copy_text(const wchar_t *value);
wchar_t *join_text(const wchar_t *first, ...); /* up to a NULL */
/* A function that older systems or Wine may lack; NULL if so. */
FARPROC optional_function(const wchar_t *library, const char *name);
int on_wine(void);
uint64_t time_of(FILETIME ft);
uint64_t now(void);
wchar_t *own_path(void);
wchar_t *system_program(const wchar_t *name); /* its path in quotes */
wchar_t *expand_text(const wchar_t *value); /* %VARIABLES% */

command_function exec_command, run_command, watch_command;
command_function search_command, read_command, write_command, delete_command, keys_command, list_keys_command,
    export_command;
command_function version_command, boot_command, processes_command, sockets_command, services_command,
    drivers_command, file_command, tree_command, tasks_command, users_command, groups_command, environment_command,
    pending_renames_command, uninstall_entries_command, crashes_command, clock_command, set_clock_command,
    wait_file_command, reach_command, stimulate_command, unstimulate_command, hold_command, save_hives_command,
    use_interfaces_command, suspend_command, call_command, keep_call_command, say_command,
    set_property_command;
#endif
