/* stimulate, unstimulate: make the system do one thing that an agent should report, marked by a nonce. */
#include "stimulate.h"

#include <stdio.h>
#include <string.h>

#include "start.h"

static const struct {
  const wchar_t *name;
  stimulus_function *act, *undo;
} all[] = {{L"process_start", start_process, end_held},
           {L"connection", open_connection, end_held},
           {L"listening_port", open_listener, end_held},
           {L"service", create_service, delete_service},
           {L"file_change", write_file, remove_file},
           {L"registry_change", write_registry, remove_registry},
           {L"scheduled_task", register_task, remove_task},
           {L"user", add_user, remove_user},
           {L"group", add_group, remove_group},
           {L"permission", open_permission, remove_permission},
           {L"firewall_rule", add_firewall_rule, remove_firewall_rule}};

/* Latin, Cyrillic, Japanese, and one beyond the first 65536. */
#define FOREIGN_LETTERS L"-\u00DCber\u0436\u76E3\u8996\U0001F600"

void fact_number(const char *key, DWORD value) {
  char digits[16];
  sprintf(digits, "%lu", value);
  json_ascii(key, digits);
}

wchar_t *stimulus_file(const stimulus *wanted, const wchar_t *suffix) {
  CreateDirectoryW(STIMULUS_FOLDER, NULL);
  return join_text(STIMULUS_FOLDER, L"\\", wanted->nonce, suffix, NULL);
}

enum { PADDING_LIMIT = 8000 };

/* A nonce becomes part of paths and command lines. With what stands around it a path stays below 260 characters. */
enum { NONCE_LIMIT = 200 };

int harmless(const wchar_t *nonce) {
  static const wchar_t allowed[] = L"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
  return nonce && *nonce && wcslen(nonce) <= NONCE_LIMIT && wcsspn(nonce, allowed) == wcslen(nonce);
}

static int perform(arguments *given, int undo) {
  const wchar_t *nonce = take_option(given, L"--nonce");
  int foreign = take_flag(given, L"--foreign");
  undo |= take_flag(given, L"--undo");
  DWORD length = number_option(given, L"--padding", 0);
  wchar_t *padding = allocate((min(length, PADDING_LIMIT) + 1) * sizeof *padding);
  for (DWORD i = 0; i < min(length, PADDING_LIMIT); i++) padding[i] = L'a' + i % 26;
  padding[min(length, PADDING_LIMIT)] = 0;
  stimulus wanted = {.padding = padding, .nonce = nonce, .hold_ms = number_option(given, L"--hold-ms", 15000)};
  if (!harmless(nonce)) return fail("--nonce needs 1 to 200 letters, digits, - or _", ERROR_INVALID_PARAMETER);
  if (given->count != 1) return fail("one stimulus is needed", ERROR_INVALID_PARAMETER);
  if (foreign) wanted.nonce = join_text(nonce, FOREIGN_LETTERS, NULL);
  wanted.name = join_text(L"bvt-", wanted.nonce, NULL);
  wchar_t *short_name = copy_text(wanted.name);
  if (wcslen(short_name) > 20) short_name[20] = 0;
  wanted.short_name = short_name;
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    if (wcscmp(all[i].name, given->items[0])) continue;
    wanted.kind = all[i].name;
    json_object(NULL);
    json_text("name", all[i].name);
    json_text("nonce", nonce);
    json_object("facts");
    int failed = undo ? all[i].undo(&wanted) : all[i].act(&wanted);
    json_end();
    json_end();
    if (undo) RemoveDirectoryW(STIMULUS_FOLDER); /* only once it is empty */
    return failed;
  }
  return fail("no such stimulus", ERROR_INVALID_FUNCTION);
}

int stimulate_command(arguments *given) { return perform(given, 0); }
int unstimulate_command(arguments *given) { return perform(given, 1); }
