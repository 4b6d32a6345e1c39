/* call, say: a connection to another host that is kept open by a child process, until it is to carry a word. */
#include "reach.h"
#include "start.h"
#include "stimulate.h"

#include <stdio.h>
#include <string.h>

enum { SENT_MS = 2000, CALL_MS = 5000, SETTLE_MS = 300, NONCE_SIZE = 201 };

static wchar_t *told(const wchar_t *nonce) { return join_text(L"Global\\bvt-call-", nonce, NULL); }
static wchar_t *done(const wchar_t *nonce) { return join_text(L"Global\\bvt-said-", nonce, NULL); }

/* Answers as `reach` does; a child process keeps the connection. */
int call_command(arguments *given) {
  const wchar_t *nonce = take_option(given, L"--nonce");
  DWORD hold_ms = number_option(given, L"--hold-ms", 120000), code = 0, got = 0;
  SECURITY_ATTRIBUTES inherit = {sizeof inherit, NULL, TRUE};
  HANDLE ours, theirs;
  wchar_t numbers[96];
  started holder;
  if (!harmless(nonce)) return fail("--nonce needs 1 to 200 letters, digits, - or _", ERROR_INVALID_PARAMETER);
  if (given->count != 2) return fail("call needs an address and a port", ERROR_INVALID_PARAMETER);
  uint64_t began = GetTickCount64();
  if (!CreatePipe(&ours, &theirs, &inherit, 0)) return fail("CreatePipe", GetLastError());
  SetHandleInformation(ours, HANDLE_FLAG_INHERIT, 0);
  swprintf(numbers, 96, L" --hold-ms %lu --pipe %llu", hold_ms, (unsigned long long)(ULONG_PTR)theirs);
  wchar_t *line = join_text(L"\"", own_path(), L"\" keep-call ", given->items[0], L" ", given->items[1], L" --nonce ",
                            nonce, numbers, NULL);
  start_options options = {.extra = theirs, .flags = DETACHED_PROCESS};
  DWORD error = start_program(line, &options, &holder);
  CloseHandle(theirs);
  if (error) return fail("cannot start the calling process", error);
  if (!ReadFile(ours, &code, sizeof code, &got, NULL) || got != sizeof code)
    return fail("the calling process ended at once", ERROR_BROKEN_PIPE);
  CloseHandle(ours);
  tell_reached(code, began);
  return 0;
}

static void carry(SOCKET call, const wchar_t *nonce) {
  WINSOCK(send);
  char words[NONCE_SIZE + 1];
  sprintf(words, "%ls\n", nonce);
  call_send(call, words, (int)strlen(words), 0);
}

/* The child of `call`: the connection carries the nonce when it is there, and once more when it is told to; then it
   ends. */
int keep_call_command(arguments *given) {
  const wchar_t *nonce = take_option(given, L"--nonce"), *pipe_number = take_option(given, L"--pipe");
  DWORD hold_ms = number_option(given, L"--hold-ms", 120000), code, wrote;
  if (given->count != 2 || !harmless(nonce) || !pipe_number)
    return fail("keep-call is for the probe itself", ERROR_INVALID_PARAMETER);
  HANDLE pipe = (HANDLE)(ULONG_PTR)_wcstoui64(pipe_number, NULL, 10);
  HANDLE asked = CreateEventW(NULL, TRUE, FALSE, told(nonce)), said = CreateEventW(NULL, TRUE, FALSE, done(nonce));
  SOCKET call = connection_by_name(given->items[0], given->items[1], CALL_MS, SETTLE_MS, &code);
  if (call != INVALID_SOCKET) carry(call, nonce);
  WriteFile(pipe, &code, sizeof code, &wrote, NULL);
  CloseHandle(pipe);
  if (call != INVALID_SOCKET && asked && WaitForSingleObject(asked, hold_ms) == WAIT_OBJECT_0) {
    carry(call, nonce);
    if (said) SetEvent(said);
  }
  json_object(NULL);
  json_end();
  return 0;
}

/* Whether a kept connection was given the nonce to carry; whether it arrives, the other side knows. */
int say_command(arguments *given) {
  const wchar_t *nonce = take_option(given, L"--nonce");
  if (given->count || !harmless(nonce)) return fail("say needs the --nonce of a call", ERROR_INVALID_PARAMETER);
  HANDLE asked = OpenEventW(EVENT_MODIFY_STATE, FALSE, told(nonce)), said = OpenEventW(SYNCHRONIZE, FALSE, done(nonce));
  if (asked) SetEvent(asked);
  int carried = asked && said && WaitForSingleObject(said, SENT_MS) == WAIT_OBJECT_0;
  if (asked) CloseHandle(asked);
  if (said) CloseHandle(said);
  json_object(NULL);
  json_bool("said", carried);
  json_end();
  return 0;
}
