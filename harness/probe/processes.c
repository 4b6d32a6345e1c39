/* processes: every process, with what its own memory says about its command line. */
#include <stdlib.h>
#include <string.h>

#include "native.h"
#include "probe.h"

#include <psapi.h>
#include <tlhelp32.h>

static wchar_t *read_text(HANDLE process, const UNICODE_STRING *remote) {
  wchar_t *local = allocate(remote->Length + sizeof *local);
  SIZE_T got = 0;
  if (remote->Buffer && ReadProcessMemory(process, remote->Buffer, local, remote->Length, &got)) return local;
  free(local);
  return NULL;
}

/* 64-bit processes only: a 32-bit one has its command line in a PEB of its own, reached by class 60 since 8.1. */
static wchar_t *command_line_of(HANDLE process) {
  query_information_process query = NATIVE(query_information_process, "NtQueryInformationProcess");
  PROCESS_BASIC_INFORMATION basic;
  PEB peb;
  RTL_USER_PROCESS_PARAMETERS parameters;
  ULONG needed = 0;
  BYTE *direct = allocate(70000);
  if (query(process, 60, direct, 70000, &needed) == 0) { /* ProcessCommandLineInformation */
    UNICODE_STRING *line = (UNICODE_STRING *)direct;
    wchar_t *copied = allocate(line->Length + sizeof *copied);
    memcpy(copied, line->Buffer, line->Length);
    free(direct);
    return copied;
  }
  free(direct);
  if (query(process, 0, &basic, sizeof basic, NULL) || !basic.PebBaseAddress) return NULL;
  if (!ReadProcessMemory(process, basic.PebBaseAddress, &peb, sizeof peb, NULL)) return NULL;
  if (!ReadProcessMemory(process, peb.ProcessParameters, &parameters, sizeof parameters, NULL)) return NULL;
  return read_text(process, &parameters.CommandLine);
}

static const wchar_t *name_of_priority(DWORD class) {
  switch (class) {
  case IDLE_PRIORITY_CLASS: return L"idle";
  case BELOW_NORMAL_PRIORITY_CLASS: return L"below normal";
  case NORMAL_PRIORITY_CLASS: return L"normal";
  case ABOVE_NORMAL_PRIORITY_CLASS: return L"above normal";
  case HIGH_PRIORITY_CLASS: return L"high";
  case REALTIME_PRIORITY_CLASS: return L"real time";
  default: return NULL;
  }
}

typedef struct {
  void *object;
  ULONG_PTR pid, value;
  ULONG access;
  USHORT trace, type;
  ULONG attributes, unused;
} handle_of_process;

typedef struct {
  ULONG_PTR count, unused;
  handle_of_process handles[];
} handles_of_all;

/* Wine's GetProcessHandleCount counts nothing; the list of all handles it has. NULL if it cannot be read. */
static handles_of_all *list_handles(void) {
  query_system_information query = NATIVE(query_system_information, "NtQuerySystemInformation");
  ULONG size = 1 << 20, needed = 0;
  for (int tries = 0; tries < 8; tries++, size *= 2) { /* it grows while it is read */
    handles_of_all *all = allocate(size);
    if (query(64, all, size, &needed) == 0) return all; /* SystemExtendedHandleInformation */
    free(all);
  }
  return NULL;
}

static void say_handles(const handles_of_all *all, DWORD pid) {
  unsigned long long count = 0;
  for (ULONG_PTR i = 0; i < all->count; i++) count += all->handles[i].pid == pid;
  json_unsigned("handles", count);
}

static void one_process(const PROCESSENTRY32W *entry, const handles_of_all *all) {
  DWORD pid = entry->th32ProcessID, session, units = 32768;
  FILETIME created = {0}, unused, kernel = {0}, user = {0};
  PROCESS_MEMORY_COUNTERS_EX memory = {.cb = sizeof memory};
  DWORD handles = 0;
  const wchar_t *priority = NULL;
  wchar_t *line = NULL, *path = allocate(units * sizeof *path);
  HANDLE process = OpenProcess(PROCESS_QUERY_INFORMATION | PROCESS_VM_READ, FALSE, pid);
  HANDLE limited = process ? process : OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, pid);
  if (limited) {
    line = command_line_of(limited);
    if (!GetProcessTimes(limited, &created, &unused, &kernel, &user)) created = (FILETIME){0};
    if (!K32GetProcessMemoryInfo(limited, (PROCESS_MEMORY_COUNTERS *)&memory, sizeof memory))
      memory.WorkingSetSize = 0;
    if (!GetProcessHandleCount(limited, &handles)) handles = 0;
    priority = name_of_priority(GetPriorityClass(limited));
    if (!QueryFullProcessImageNameW(limited, 0, path, &units)) *path = 0;
    CloseHandle(limited);
  }
  json_object(NULL);
  json_unsigned("pid", pid);
  json_unsigned("ppid", entry->th32ParentProcessID);
  json_text("name", entry->szExeFile);
  json_text("path", *path ? path : NULL);
  json_text("command_line", line);
  json_time("started", time_of(created));
  if (ProcessIdToSessionId(pid, &session)) json_unsigned("session", session);
  else json_null("session");
  json_unsigned("threads", entry->cntThreads);
  json_text("priority", priority);
  if (memory.WorkingSetSize) json_unsigned("working_set", memory.WorkingSetSize);
  else json_null("working_set");
  if (on_wine()) { /* there the times are the asking process's own */
    json_null("cpu_ms");
    json_null("committed"); /* it tells only what was touched */
    if (all) say_handles(all, pid);
    else json_null("handles");
  } else {
    json_unsigned("cpu_ms", (time_of(kernel) + time_of(user)) / 10000);
    json_unsigned("handles", handles);
    if (memory.WorkingSetSize) json_unsigned("committed", memory.PrivateUsage);
    else json_null("committed");
  }
  json_end();
  free(line);
  free(path);
}

int processes_command(arguments *given) {
  HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
  PROCESSENTRY32W entry = {.dwSize = sizeof entry};
  (void)given;
  if (all == INVALID_HANDLE_VALUE) return fail("CreateToolhelp32Snapshot", GetLastError());
  handles_of_all *handles = on_wine() ? list_handles() : NULL;
  json_array(NULL);
  for (BOOL more = Process32FirstW(all, &entry); more; more = Process32NextW(all, &entry)) one_process(&entry, handles);
  json_end();
  free(handles);
  CloseHandle(all);
  return 0;
}
