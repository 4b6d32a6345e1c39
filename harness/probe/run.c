/* exec: a launcher for the WinRM server. run: the same with outputs in files, able to outlive its caller. */
#include <objbase.h>
#include <stdio.h>
#include <stdlib.h>

#include "own.h"
#include "schedule.h"
#include "start.h"
#include "tree.h"
#include "wait.h"

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

static DWORD save_not_started(const wchar_t *result, DWORD code) {
  json_object(NULL);
  json_unsigned("exit_code", 1);
  json_ascii("error", "the program could not be started");
  json_unsigned("code", code);
  json_end();
  return result ? (DWORD)json_save(result) : 0;
}

static void describe_end(DWORD pid, DWORD code, int timed_out, uint64_t began) {
  json_object(NULL);
  json_unsigned("exit_code", code);
  json_unsigned("pid", pid);
  json_bool("timed_out", timed_out);
  json_time("started", began);
  json_time("ended", now());
  describe_children();
  json_end();
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

static HANDLE output_file(const wchar_t *path) {
  return CreateFileW(path ? path : L"NUL", GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                     path ? CREATE_ALWAYS : OPEN_EXISTING, 0, NULL);
}

static HANDLE inherited_copy(HANDLE from) {
  HANDLE copy = NULL;
  if (from && !DuplicateHandle(GetCurrentProcess(), from, GetCurrentProcess(), &copy, 0, TRUE, DUPLICATE_SAME_ACCESS))
    return NULL;
  return copy;
}

/* A second probe that inherits nothing but the process and its job, and writes the result when they end. */
static DWORD start_watcher(const started *program, const tree_options *tree, const wchar_t *result, DWORD timeout_ms,
                           uint64_t began) {
  wchar_t numbers[200];
  started watcher;
  HANDLE process = inherited_copy(program->process), job = inherited_copy(program->job);
  if (!process) return GetLastError();
  swprintf(numbers, 200, L"\" watch --process %llu --job %llu --pid %lu --timeout-ms %lu --began %llu --result \"",
           (unsigned long long)(ULONG_PTR)process, (unsigned long long)(ULONG_PTR)job, program->pid, timeout_ms,
           (unsigned long long)began);
  wchar_t *line = join_text(L"\"", own_path(), numbers, result, L"\"", tree_arguments(tree), NULL);
  start_options options = {.extra = process, .job = job, .flags = DETACHED_PROCESS};
  DWORD error = start_program(line, &options, &watcher);
  CloseHandle(process);
  if (job) CloseHandle(job);
  return error;
}

static HANDLE handle_option(arguments *given, const wchar_t *name) {
  const wchar_t *value = take_option(given, name);
  return value ? (HANDLE)(ULONG_PTR)_wcstoui64(value, NULL, 10) : NULL;
}

int watch_command(arguments *given) {
  tree_options tree;
  take_tree_options(given, &tree);
  const wchar_t *result = take_option(given, L"--result"), *began = take_option(given, L"--began");
  started program = {.process = handle_option(given, L"--process"), .job = handle_option(given, L"--job")};
  DWORD timeout_ms = number_option(given, L"--timeout-ms", INFINITE), code;
  program.pid = number_option(given, L"--pid", 0);
  if (!result || !program.process || !began) return fail("watch is for the probe itself", ERROR_INVALID_PARAMETER);
  int timed_out = wait_tree(&program, &tree, timeout_ms, &code);
  json_mark empty = json_here();
  describe_end(program.pid, code, timed_out, _wcstoui64(began, NULL, 10));
  int error = json_save(result);
  json_back_to(empty);
  if (error) return fail("cannot write the result", (DWORD)error);
  json_object(NULL);
  json_end();
  return 0;
}

/* --as-system: a task of its own that runs this very command without the flag, and then deletes itself. */
static int run_as_system(const wchar_t *result, DWORD timeout_ms, const tree_options *tree, int detach,
                         const wchar_t *out, const wchar_t *err, const wchar_t *directory,
                         const wchar_t *command_line) {
  wchar_t name[64], timeout[32], *folder = expand_text(L"%SystemRoot%\\Temp");
  DWORD size = 0, error;
  uint64_t began = now();
  swprintf(name, 64, L"bvt-run-%llx-%lx", (unsigned long long)began, GetCurrentProcessId());
  swprintf(timeout, 32, L"%lu", timeout_ms);
  wchar_t *line = join_text(L"run --forget-task ", name, L" --timeout-ms ", timeout, L" --result \"", result, L"\"",
                            out ? L" --out \"" : L"", out ? out : L"", out ? L"\"" : L"", err ? L" --err \"" : L"",
                            err ? err : L"", err ? L"\"" : L"", directory ? L" --cwd \"" : L"",
                            directory ? directory : L"", directory ? L"\"" : L"", tree_arguments(tree), L" -- ",
                            command_line, NULL);
  error = create_task(name, folder, own_path(), line);
  if (error) return fail("schtasks /create", error);
  error = run_task(name);
  if (error) {
    delete_task(name);
    return fail("schtasks /run", error);
  }
  if (detach) {
    json_object(NULL);
    json_null("pid");
    json_time("started", began);
    json_text("task", name);
    json_end();
    return 0;
  }
  char *bytes = wait_for_file(result, timeout_ms == INFINITE ? INFINITE : timeout_ms + 30000, &size, &error);
  if (!bytes || error) {
    delete_task(name);
    return fail("the task wrote no result", error);
  }
  json_raw(NULL, bytes, size && bytes[size - 1] == '\n' ? size - 1 : size);
  return 0;
}

/* Whoever waits for the result is told, too, and the task that this is goes as it would have gone later. */
static int not_started(const wchar_t *result, const wchar_t *task, const char *what, DWORD error) {
  json_mark empty = json_here();
  if (task) delete_task(task);
  save_not_started(result, error);
  json_back_to(empty);
  return fail(what, error);
}

int run_command(arguments *given) {
  const wchar_t *result = take_option(given, L"--result"), *out = take_option(given, L"--out"),
                *err = take_option(given, L"--err"), *directory = take_option(given, L"--cwd");
  DWORD timeout_ms = number_option(given, L"--timeout-ms", INFINITE), code, error;
  const wchar_t *task = take_option(given, L"--forget-task");
  int detach = take_flag(given, L"--detach"), as_system = take_flag(given, L"--as-system");
  started program;
  tree_options tree;
  take_tree_options(given, &tree);
  uint64_t began = now();
  if (!given->command_line || ((detach || as_system) && !result))
    return fail("run needs `-- COMMANDLINE`, and --result with --detach and --as-system", ERROR_INVALID_PARAMETER);
  if (result) DeleteFileW(result); /* an old one would be taken for this run's */
  if (as_system) return run_as_system(result, timeout_ms, &tree, detach, out, err, directory, given->rest);
  start_options options = {.in = CreateFileW(L"NUL", GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                                             OPEN_EXISTING, 0, NULL),
                           .out = output_file(out),
                           .directory = directory,
                           .flags = CREATE_NO_WINDOW};
  if (options.out == INVALID_HANDLE_VALUE)
    return not_started(result, task, "cannot create the file for output", GetLastError());
  options.err = out && err && !_wcsicmp(out, err) ? options.out : output_file(err);
  if (options.err == INVALID_HANDLE_VALUE)
    return not_started(result, task, "cannot create the file for errors", GetLastError());
  error = start_program(given->command_line, &options, &program);
  if (error) return not_started(result, task, "cannot start the program", error);
  if (detach) {
    error = start_watcher(&program, &tree, result, timeout_ms, began);
    if (error) return fail("cannot start the watcher", error);
    json_object(NULL);
    json_unsigned("pid", program.pid);
    json_time("started", began);
    json_end();
    return 0;
  }
  json_mark before = json_here();
  int timed_out = wait_tree(&program, &tree, timeout_ms, &code);
  if (task) delete_task(task);
  describe_end(program.pid, code, timed_out, began);
  if (result) {
    error = (DWORD)json_save(result);
    json_back_to(before);
    if (error) return fail("cannot write the result", error);
    describe_end(program.pid, code, timed_out, began);
  }
  return 0;
}
