/* exec: a launcher for the WinRM server. What it starts has its own input, output and errors. */
#include <stdlib.h>

#include "end.h"
#include "own.h"
#include "start.h"

static void print_message(DWORD code) {
  wchar_t *message = NULL;
  char utf8[2048];
  DWORD wrote;
  if (!FormatMessageW(FORMAT_MESSAGE_ALLOCATE_BUFFER | FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS,
                      NULL, code, 0, (wchar_t *)&message, 0, NULL))
    return;
  int bytes = WideCharToMultiByte(CP_UTF8, 0, message, -1, utf8, sizeof utf8, NULL, NULL);
  if (bytes > 1) WriteFile(GetStdHandle(STD_ERROR_HANDLE), utf8, (DWORD)bytes - 1, &wrote, NULL);
  LocalFree(message);
}

/* Makes cmd.exe and others write UTF-8 into pipes: they ask the console for the code page, so there must be one.
 * AllocConsole needs a display under Wine; CREATE_NO_WINDOW does not, so a process without console starts itself
 * once more with that flag. Returns whether it did. */
static int repeat_in_console(const start_options *options, int *exit_code) {
  started again;
  DWORD code = 4;
  if (GetConsoleOutputCP()) return 0;
  start_options hidden = *options;
  hidden.flags = CREATE_NO_WINDOW;
  wchar_t *line = join_text(L"\"", own_path(), L"\" exec --in-console ", raw_arguments(1), NULL);
  if (start_program(line, &hidden, &again)) return 0;
  wait_program(&again, INFINITE, &code);
  *exit_code = (int)code;
  return 1;
}

static int read_exactly(HANDLE from, char *into, DWORD size) {
  DWORD got;
  for (; size; into += got, size -= got)
    if (!ReadFile(from, into, size, &got, NULL) || !got) return 0;
  return 1;
}

/* --ahead: the command line comes first on the input, its length in bytes as eight hexadecimal digits and then
 * UTF-8. Not a byte more is read: the rest is the command's own input. NULL if the input ends before. */
static wchar_t *read_command_line(void) {
  const DWORD longest = 256 * 1024; /* eight times what CreateProcess takes */
  HANDLE in = GetStdHandle(STD_INPUT_HANDLE);
  char digits[9] = "";
  if (!read_exactly(in, digits, 8)) return NULL;
  DWORD size = strtoul(digits, NULL, 16);
  if (size > longest) return NULL;
  char *bytes = allocate(size + 1);
  if (!read_exactly(in, bytes, size)) return NULL;
  wchar_t *text = allocate((size + 1) * sizeof *text);
  MultiByteToWideChar(CP_UTF8, 0, bytes, (int)size, text, (int)size);
  free(bytes);
  return text;
}

int exec_command(arguments *given) {
  const wchar_t *result = take_option(given, L"--result");
  DWORD timeout_ms = number_option(given, L"--timeout-ms", INFINITE), code = 1, error;
  start_options options = {GetStdHandle(STD_INPUT_HANDLE), GetStdHandle(STD_OUTPUT_HANDLE),
                           GetStdHandle(STD_ERROR_HANDLE), .keep_job = 1};
  started program;
  int utf8 = take_flag(given, L"--utf8"), second = take_flag(given, L"--in-console"), repeated;
  if (utf8 && !second && repeat_in_console(&options, &repeated)) return repeated;
  if (utf8) SetConsoleCP(CP_UTF8), SetConsoleOutputCP(CP_UTF8);
  if (take_flag(given, L"--ahead")) {
    given->command_line = read_command_line();
    if (!given->command_line) return 0; /* no command came: nobody waits for a result */
  }
  uint64_t began = now();
  if (!given->command_line) {
    print_message(ERROR_INVALID_PARAMETER);
    return save_not_started(result, ERROR_INVALID_PARAMETER) ? 4 : 3;
  }
  const wchar_t *asked = timeout_ms == INFINITE ? own_command(given->command_line) : NULL;
  if (asked) {
    arguments own = split_arguments(asked, 1);
    json_mark nothing = json_here();
    code = (DWORD)do_asked(&own);
    json_back_to(nothing);
    describe_end(GetCurrentProcessId(), code, 0, began);
    return result && json_save(result) ? 4 : (int)code;
  }
  error = start_program(given->command_line, &options, &program);
  if (error) {
    print_message(error);
    return save_not_started(result, error) ? 4 : 1;
  }
  int timed_out = wait_program(&program, timeout_ms, &code);
  describe_end(program.pid, code, timed_out, began);
  if (result && json_save(result)) return 4;
  return (int)code;
}
