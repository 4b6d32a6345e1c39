/* bvt-probe: asks a Windows (or Wine) system about itself and answers with one JSON document. */
#include <string.h>

#include "probe.h"

typedef struct {
  const wchar_t *name;
  command_function *function;
} command;

static const command commands[] = {
    {L"delete", delete_command}, {L"read", read_command}, {L"write", write_command},
    {L"boot", boot_command},
    {L"drivers", drivers_command},
    {L"file", file_command},
    {L"processes", processes_command},
    {L"run", run_command},
    {L"services", services_command},
    {L"sockets", sockets_command},
    {L"tree", tree_command},
    {L"version", version_command},
    {L"watch", watch_command},
};

static const char *failed_what;
static DWORD failed_code;

int fail(const char *what, DWORD code) {
  failed_what = what;
  failed_code = code;
  return 1;
}

static void answer(arguments *given) {
  json_mark before = json_here();
  int failed = 0;
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
}

int wmain(void) {
  arguments given = split_arguments(GetCommandLineW(), 1);
  SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOOPENFILEERRORBOX);
  if (given.count && !wcscmp(given.items[0], L"exec")) {
    given.items++;
    given.count--;
    return exec_command(&given);
  }
  answer(&given);
  if (json_write(GetStdHandle(STD_OUTPUT_HANDLE))) return 3;
  return failed_what ? 3 : 0;
}
