/* One stimulus: what it does, how it is undone. Facts are written as text into an object that is already open. */
#ifndef BVT_STIMULATE_H
#define BVT_STIMULATE_H
#include "probe.h"

typedef struct {
  const wchar_t *kind; /* e.g. process_start */
  const wchar_t *nonce;
  const wchar_t *name;  /* bvt-NONCE */
  const wchar_t *short_name; /* the same within the 20 characters of an account's name */
  const wchar_t *padding; /* stands before the nonce in a long command line or value; empty */
  DWORD hold_ms;
} stimulus;

#define STIMULUS_FOLDER L"C:\\bvt-stimulus"

typedef int stimulus_function(const stimulus *wanted); /* as a command: 0 or fail() */

stimulus_function start_process, open_connection, open_listener, end_held;
stimulus_function create_service, delete_service, write_file, remove_file, write_registry, remove_registry;
stimulus_function register_task, remove_task, add_user, remove_user, add_group, remove_group;
stimulus_function open_permission, remove_permission, add_firewall_rule, remove_firewall_rule;

int harmless(const wchar_t *nonce); /* whether it may be part of paths and command lines */
void fact_number(const char *key, DWORD value);
wchar_t *stimulus_file(const stimulus *wanted, const wchar_t *suffix); /* makes the folder, too */
#endif
