/* Which command is asked for, and its answer: one, several in a batch, or one batch after another (`serve`). */
#include <stdlib.h>
#include <string.h>

#include "input.h"

#include <psapi.h>

typedef struct {
  const wchar_t *name;
  command_function *function;
} command;

static command_function batch_command;

static const command commands[] = {
    {L"batch", batch_command},
    {L"boot", boot_command},
    {L"call", call_command},
    {L"clock", clock_command},
    {L"crashes", crashes_command},
    {L"delete", delete_command},
    {L"drivers", drivers_command},
    {L"environment", environment_command},
    {L"export", export_command},
    {L"file", file_command},
    {L"groups", groups_command},
    {L"hold", hold_command},
    {L"keep-call", keep_call_command},
    {L"pending-renames", pending_renames_command},
    {L"processes", processes_command},
    {L"keys", keys_command},
    {L"list-keys", list_keys_command},
    {L"reach", reach_command},
    {L"read", read_command},
    {L"run", run_command},
    {L"say", say_command},
    {L"search", search_command},
    {L"save-hives", save_hives_command},
    {L"services", services_command},
    {L"set-clock", set_clock_command},
    {L"set-property", set_property_command},
    {L"sockets", sockets_command},
    {L"stimulate", stimulate_command},
    {L"suspend", suspend_command},
    {L"tasks", tasks_command},
    {L"tree", tree_command},
    {L"uninstall-entries", uninstall_entries_command},
    {L"unstimulate", unstimulate_command},
    {L"use-interfaces", use_interfaces_command},
    {L"users", users_command},
    {L"version", version_command},
    {L"wait-file", wait_file_command},
    {L"watch", watch_command},
    {L"write", write_command},
};

/* What `serve` answers: these keep nothing open and leave their own process as it was. */
static const wchar_t *const kept[] = {
    L"boot",      L"clock", L"crashes", L"drivers",    L"export",   L"file",    L"pending-renames", L"processes", L"keys",
    L"list-keys", L"reach", L"read",    L"save-hives", L"services", L"sockets", L"tasks",           L"tree",
    L"uninstall-entries",   L"version"};

/* The same of stimuli: those that no other process has to hold. */
static const wchar_t *const stored[] = {L"file_change", L"registry_change"};

static int serving;

static int is_one_of(const wchar_t *const *names, size_t count, const wchar_t *name) {
  for (size_t i = 0; i < count; i++)
    if (!wcscmp(names[i], name)) return 1;
  return 0;
}

static int is_kept(const arguments *given) {
  int stimulus = !wcscmp(given->items[0], L"stimulate") || !wcscmp(given->items[0], L"unstimulate");
  if (stimulus) return given->count > 1 && is_one_of(stored, sizeof stored / sizeof *stored, given->items[1]);
  return is_one_of(kept, sizeof kept / sizeof *kept, given->items[0]);
}

/* Returns whether the command failed; its answer is an error then. */
static int answer(arguments *given) {
  json_mark before = json_here();
  int failed;
  const command *found = NULL;
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
    if (given->count && !wcscmp(commands[i].name, given->items[0])) found = &commands[i];
  if (found && serving && !is_kept(given)) {
    failed = fail("needs a process of its own", ERROR_NOT_SUPPORTED);
  } else if (found) {
    given->items++;
    given->count--;
    failed = found->function(given);
  } else {
    failed = fail("no such command", ERROR_INVALID_FUNCTION);
  }
  if (failed) {
    json_back_to(before);
    json_object(NULL);
    json_failure("error");
    json_end();
  }
  return failed;
}

static void one_of_batch(const wchar_t *line) {
  arguments inner = split_arguments(line, 0);
  if (!inner.count) return;
  json_key_w(line);
  answer(&inner);
}

static void batch_of(const char *bytes, DWORD size) {
  int units = MultiByteToWideChar(CP_UTF8, 0, bytes, (int)size, NULL, 0);
  wchar_t *text = allocate(((size_t)units + 1) * sizeof *text);
  MultiByteToWideChar(CP_UTF8, 0, bytes, (int)size, text, units);
  for (wchar_t *line = wcstok(text, L"\r\n"); line; line = wcstok(NULL, L"\r\n")) one_of_batch(line);
  free(text);
}

/* Each item is a command of its own with its arguments; without items, each line of the input is. */
static int batch_command(arguments *given) {
  arguments items = given->rest ? split_arguments(given->rest, 0) : *given;
  DWORD size = 0;
  const char *lines = items.count ? NULL : read_input(&size);
  if (!items.count && !lines) return 1;
  json_object(NULL);
  for (int i = 0; i < items.count; i++) one_of_batch(items.items[i]);
  if (lines) batch_of(lines, size);
  json_end();
  return 0;
}

/* What the commands leave of their memory ends with the process, as everywhere; before it is much, this one retires. */
static int has_grown(void) {
  PROCESS_MEMORY_COUNTERS memory = {.cb = sizeof memory};
  return K32GetProcessMemoryInfo(GetCurrentProcess(), &memory, sizeof memory) && memory.PagefileUsage > 64 << 20;
}

/* serve: one batch after another, each ended by an empty line and answered by one line, so that a question does not
 * cost the start of a process. */
static int serve(void) {
  json_mark nothing = json_here();
  serving = 1;
  DWORD size = 0;
  for (const char *question; (question = read_question(&size)) && !has_grown();) {
    json_object(NULL);
    batch_of(question, size);
    json_end();
    if (json_write(GetStdHandle(STD_OUTPUT_HANDLE))) return 3;
    json_back_to(nothing);
  }
  return 0;
}

int do_asked(arguments *given) {
  if (given->count == 1 && !wcscmp(given->items[0], L"serve")) return serve();
  int failed = answer(given);
  return json_write(GetStdHandle(STD_OUTPUT_HANDLE)) || failed ? 3 : 0;
}
