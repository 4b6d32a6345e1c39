/* bvt-probe: asks a Windows (or Wine) system about itself and answers with one JSON document. */
#include <string.h>

#include "probe.h"

typedef struct {
  const wchar_t *name;
  command_function *function;
} command;

static command_function batch_command;

static const command commands[] = {
    {L"batch", batch_command},
    {L"boot", boot_command},
    {L"clock", clock_command},
    {L"crashes", crashes_command},
    {L"delete", delete_command},
    {L"drivers", drivers_command},
    {L"environment", environment_command},
    {L"export", export_command},
    {L"file", file_command},
    {L"groups", groups_command},
    {L"hold", hold_command},
    {L"open-stores", open_stores_command},
    {L"pending-renames", pending_renames_command},
    {L"processes", processes_command},
    {L"keys", keys_command},
    {L"list-keys", list_keys_command},
    {L"reach", reach_command},
    {L"read", read_command},
    {L"run", run_command},
    {L"search", search_command},
    {L"save-hives", save_hives_command},
    {L"services", services_command},
    {L"set-clock", set_clock_command},
    {L"sockets", sockets_command},
    {L"stimulate", stimulate_command},
    {L"suspend", suspend_command},
    {L"tasks", tasks_command},
    {L"tree", tree_command},
    {L"uninstall-entries", uninstall_entries_command},
    {L"unstimulate", unstimulate_command},
    {L"users", users_command},
    {L"version", version_command},
    {L"wait-file", wait_file_command},
    {L"watch", watch_command},
    {L"write", write_command},
};

static const char *failed_what;
static DWORD failed_code;

int fail(const char *what, DWORD code) {
  failed_what = what;
  failed_code = code;
  return 1;
}

/* Returns whether the command failed; its answer is an error then. */
static int answer(arguments *given) {
  json_mark before = json_here();
  int failed;
  const command *found = NULL;
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
    if (given->count && !wcscmp(commands[i].name, given->items[0])) found = &commands[i];
  if (found) {
    given->items++;
    given->count--;
    failed = found->function(given);
  } else {
    failed = fail("no such command", ERROR_INVALID_FUNCTION);
  }
  if (failed) {
    json_back_to(before);
    json_object(NULL);
    json_object("error");
    json_ascii("what", failed_what);
    json_unsigned("code", failed_code);
    json_end();
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

static void batch_from_input(void) {
  const DWORD room = 65536;
  char *bytes = allocate(room);
  DWORD size = 0, got;
  HANDLE in = GetStdHandle(STD_INPUT_HANDLE);
  while (size < room && ReadFile(in, bytes + size, room - size, &got, NULL) && got) size += got;
  int units = MultiByteToWideChar(CP_UTF8, 0, bytes, (int)size, NULL, 0);
  wchar_t *text = allocate(((size_t)units + 1) * sizeof *text);
  MultiByteToWideChar(CP_UTF8, 0, bytes, (int)size, text, units);
  for (wchar_t *line = wcstok(text, L"\r\n"); line; line = wcstok(NULL, L"\r\n")) one_of_batch(line);
}

/* Each item is a command of its own with its arguments; without items, each line of the input is. */
static int batch_command(arguments *given) {
  arguments items = given->rest ? split_arguments(given->rest, 0) : *given;
  json_object(NULL);
  for (int i = 0; i < items.count; i++) one_of_batch(items.items[i]);
  if (!items.count) batch_from_input();
  json_end();
  return 0;
}

int wmain(void) {
  arguments given = split_arguments(GetCommandLineW(), 1);
  SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOOPENFILEERRORBOX);
  if (given.count && !wcscmp(given.items[0], L"exec")) {
    given.items++;
    given.count--;
    return exec_command(&given);
  }
  int failed = answer(&given);
  return json_write(GetStdHandle(STD_OUTPUT_HANDLE)) || failed ? 3 : 0;
}
