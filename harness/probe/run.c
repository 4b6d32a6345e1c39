/* run: a program with outputs in files, able to outlive its caller. */
#include <stdio.h>
#include <stdlib.h>

#include "end.h"
#include "schedule.h"
#include "start.h"
#include "tree.h"
#include "wait.h"

static HANDLE output_file(const wchar_t *path) {
  return CreateFileW(path ? path : L"NUL", GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                     path ? CREATE_ALWAYS : OPEN_EXISTING, 0, NULL);
}

/* A second probe that inherits nothing but the process and its job, and writes the result when they end. */
static DWORD start_watcher(const started *program, const tree_options *tree, const wchar_t *result, DWORD timeout_ms,
                           uint64_t began) {
  wchar_t numbers[200];
  started watcher;
  HANDLE process = inheritable(program->process), job = inheritable(program->job);
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
