#include "start.h"

#include <stdlib.h>
#include <tlhelp32.h>

DWORD number_option(arguments *given, const wchar_t *name, DWORD otherwise) {
  const wchar_t *value = take_option(given, name);
  return value ? (DWORD)wcstoul(value, NULL, 10) : otherwise;
}

HANDLE inheritable(HANDLE from) {
  HANDLE copy = NULL;
  if (!from || from == INVALID_HANDLE_VALUE) return NULL;
  if (!DuplicateHandle(GetCurrentProcess(), from, GetCurrentProcess(), &copy, 0, TRUE, DUPLICATE_SAME_ACCESS))
    return NULL;
  return copy;
}

DWORD start_program(const wchar_t *command_line, const start_options *options, started *result) {
  wchar_t *line = copy_text(command_line); /* CreateProcessW writes into it */
  HANDLE standard[3] = {inheritable(options->in), inheritable(options->out), inheritable(options->err)};
  HANDLE passed[5];
  DWORD count = 0, error = 0;
  SIZE_T bytes = 0;
  STARTUPINFOEXW startup;
  PROCESS_INFORMATION process;

  ZeroMemory(&startup, sizeof startup);
  startup.StartupInfo.cb = sizeof startup;
  startup.StartupInfo.dwFlags = STARTF_USESTDHANDLES | STARTF_USESHOWWINDOW;
  startup.StartupInfo.wShowWindow = SW_HIDE;
  startup.StartupInfo.hStdInput = standard[0];
  startup.StartupInfo.hStdOutput = standard[1];
  startup.StartupInfo.hStdError = standard[2];
  for (int i = 0; i < 3; i++)
    if (standard[i]) passed[count++] = standard[i];
  if (options->extra) passed[count++] = options->extra;
  if (options->job) passed[count++] = options->job;
  InitializeProcThreadAttributeList(NULL, 1, 0, &bytes);
  startup.lpAttributeList = allocate(bytes);
  if (!InitializeProcThreadAttributeList(startup.lpAttributeList, 1, 0, &bytes)) return GetLastError();
  if (count && !UpdateProcThreadAttribute(startup.lpAttributeList, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, passed,
                                          count * sizeof *passed, NULL, NULL))
    return GetLastError();

  DWORD flags = options->flags | CREATE_SUSPENDED | CREATE_UNICODE_ENVIRONMENT | EXTENDED_STARTUPINFO_PRESENT;
  DWORD first = options->keep_job ? flags : flags | CREATE_BREAKAWAY_FROM_JOB;
  if (!CreateProcessW(NULL, line, NULL, NULL, count != 0, first, NULL, options->directory, &startup.StartupInfo,
                      &process)) {
    error = GetLastError();
    if (error == ERROR_ACCESS_DENIED && first != flags) /* the job we are in does not allow breaking away */
      error = CreateProcessW(NULL, line, NULL, NULL, count != 0, flags, NULL, options->directory,
                             &startup.StartupInfo, &process)
                  ? 0
                  : GetLastError();
  }
  for (int i = 0; i < 3; i++)
    if (standard[i]) CloseHandle(standard[i]);
  free(line);
  if (error) return error;

  result->process = process.hProcess;
  result->pid = process.dwProcessId;
  result->job = CreateJobObjectW(NULL, NULL);
  if (result->job && !AssignProcessToJobObject(result->job, process.hProcess)) { /* Windows 7 nests no jobs */
    CloseHandle(result->job);
    result->job = NULL;
  }
  ResumeThread(process.hThread);
  CloseHandle(process.hThread);
  return 0;
}

/* Without a job: parents are recorded only by number, so this is the best the system allows. */
static void end_tree(DWORD pid, int deeper) {
  HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
  PROCESSENTRY32W entry = {.dwSize = sizeof entry};
  for (BOOL more = Process32FirstW(all, &entry); more; more = Process32NextW(all, &entry))
    if (entry.th32ParentProcessID == pid && entry.th32ProcessID != pid && deeper)
      end_tree(entry.th32ProcessID, deeper - 1);
  CloseHandle(all);
  HANDLE process = OpenProcess(PROCESS_TERMINATE, FALSE, pid);
  if (process) {
    TerminateProcess(process, ERROR_TIMEOUT);
    CloseHandle(process);
  }
}

int wait_program(const started *program, DWORD timeout_ms, DWORD *exit_code) {
  int timed_out = WaitForSingleObject(program->process, timeout_ms) == WAIT_TIMEOUT;
  if (timed_out) {
    if (program->job) TerminateJobObject(program->job, ERROR_TIMEOUT);
    else end_tree(program->pid, 16);
    WaitForSingleObject(program->process, 5000);
  }
  if (!GetExitCodeProcess(program->process, exit_code)) *exit_code = (DWORD)-1;
  return timed_out;
}
