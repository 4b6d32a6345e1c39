/* The members of the installer's job: all that it started, and what that started, but nothing that a service, the Task
 * Scheduler or another installer started for it. An NSIS uninstaller copies itself to Temp, starts the copy and ends:
 * only the copy's end is the uninstaller's. */
#include "tree.h"

#include <stdlib.h>
#include <tlhelp32.h>

#define MOST_TOLD 32
#define MAX_TEXT 32768
#define MOST_KNOWN 512

/* They live as long as those that they serve; Wine starts them as children of whoever needs them first. */
static const wchar_t *const servants[] = {L"conhost.exe", L"explorer.exe", L"winedevice.exe", L"services.exe",
                                          L"rpcss.exe",   L"plugplay.exe", L"svchost.exe",    L"wineboot.exe",
                                          L"dllhost.exe"};

typedef struct {
  DWORD pid, exit_code;
  int ended;
  wchar_t *path;
} child;

static child children[MOST_TOLD];
static DWORD child_count;
/* Without a job: who was seen as a descendant, also after its own end. */
static DWORD known[MOST_KNOWN], known_count;

void take_tree_options(arguments *given, tree_options *tree) {
  const wchar_t *path;
  ZeroMemory(tree, sizeof *tree);
  tree->awaited = take_flag(given, L"--tree");
  while (tree->count < MOST_STAYING && (path = take_option(given, L"--stays")) != NULL)
    tree->stays[tree->count++] = path;
}

wchar_t *tree_arguments(const tree_options *tree) {
  wchar_t *text = copy_text(tree->awaited ? L" --tree" : L"");
  for (DWORD i = 0; tree->awaited && i < tree->count; i++) {
    wchar_t *longer = join_text(text, L" --stays \"", tree->stays[i], L"\"", NULL);
    free(text);
    text = longer;
  }
  return text;
}

static int is_or_lies_below(const wchar_t *path, const wchar_t *place) {
  size_t length = wcslen(place);
  return !_wcsnicmp(path, place, length) && (!path[length] || path[length] == '\\');
}

static int serves(const wchar_t *path) {
  const wchar_t *name = wcsrchr(path, '\\');
  wchar_t windows[MAX_PATH];
  if (!name || !GetWindowsDirectoryW(windows, MAX_PATH) || !is_or_lies_below(path, windows)) return 0;
  for (size_t i = 0; i < sizeof servants / sizeof *servants; i++)
    if (!_wcsicmp(name + 1, servants[i])) return 1;
  return 0;
}

static int stays(const wchar_t *path, const tree_options *tree) {
  for (DWORD i = 0; i < tree->count; i++)
    if (is_or_lies_below(path, tree->stays[i])) return 1;
  return serves(path);
}

/* A process by its number may be another one by now, but one that is in the list is in the job. */
static HANDLE open_child(DWORD pid, wchar_t *path, DWORD units) {
  HANDLE process = OpenProcess(SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_TERMINATE, FALSE, pid);
  if (!process) process = OpenProcess(SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION, FALSE, pid);
  if (!process) return NULL;
  if (!QueryFullProcessImageNameW(process, 0, path, &units)) *path = 0;
  wchar_t *longer = allocate(MAX_TEXT * sizeof *longer);
  if (GetLongPathNameW(path, longer, MAX_TEXT)) wcscpy(path, longer);
  free(longer);
  if (WaitForSingleObject(process, 0) == WAIT_OBJECT_0) {
    CloseHandle(process);
    return NULL;
  }
  return process;
}

static DWORD *job_members(HANDLE job, DWORD *count) {
  for (DWORD room = 64;; room *= 2) {
    DWORD bytes = sizeof(JOBOBJECT_BASIC_PROCESS_ID_LIST) + room * sizeof(ULONG_PTR);
    JOBOBJECT_BASIC_PROCESS_ID_LIST *list = allocate(bytes);
    int whole = QueryInformationJobObject(job, JobObjectBasicProcessIdList, list, bytes, NULL);
    DWORD *members = NULL;
    if (whole) {
      *count = list->NumberOfProcessIdsInList;
      members = allocate((*count + 1) * sizeof *members);
      for (DWORD i = 0; i < *count; i++) members[i] = (DWORD)list->ProcessIdList[i];
    }
    free(list);
    if (whole || GetLastError() != ERROR_MORE_DATA) return members;
  }
}

static int is_known(DWORD pid) {
  for (DWORD i = 0; i < known_count; i++)
    if (known[i] == pid) return 1;
  return 0;
}

/* Parents are recorded only by number, so one that ended before it was seen hides its children. */
static DWORD *descendants(DWORD root, DWORD *count) {
  DWORD *members = allocate(MOST_KNOWN * sizeof *members);
  if (!known_count) known[known_count++] = root;
  for (int grown = 1; grown;) {
    grown = 0;
    HANDLE all = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    PROCESSENTRY32W entry = {.dwSize = sizeof entry};
    for (BOOL more = Process32FirstW(all, &entry); more; more = Process32NextW(all, &entry))
      if (is_known(entry.th32ParentProcessID) && !is_known(entry.th32ProcessID) && known_count < MOST_KNOWN)
        known[known_count++] = entry.th32ProcessID, grown = 1;
    CloseHandle(all);
  }
  *count = 0;
  for (DWORD i = 1; i < known_count; i++) members[(*count)++] = known[i];
  return members;
}

/* The first member that is awaited and still runs; its path goes into `path`. */
static HANDLE next_child(const started *program, const tree_options *tree, DWORD *pid, wchar_t *path) {
  DWORD count = 0;
  HANDLE found = NULL;
  DWORD *members = program->job ? job_members(program->job, &count) : descendants(program->pid, &count);
  for (DWORD i = 0; members && i < count && !found; i++) {
    if (members[i] == program->pid) continue;
    HANDLE process = open_child(members[i], path, MAX_TEXT);
    if (!process) continue;
    if (stays(path, tree)) {
      CloseHandle(process);
      continue;
    }
    *pid = members[i];
    found = process;
  }
  free(members);
  return found;
}

static child *tell(DWORD pid, const wchar_t *path) {
  if (child_count == MOST_TOLD) return NULL;
  child *told = &children[child_count++];
  told->pid = pid;
  told->path = copy_text(path);
  return told;
}

int wait_tree(const started *program, const tree_options *tree, DWORD timeout_ms, DWORD *exit_code) {
  uint64_t end = GetTickCount64() + timeout_ms;
  int timed_out = wait_program(program, timeout_ms, exit_code);
  if (timed_out || !tree->awaited) return timed_out;
  wchar_t *path = allocate(MAX_TEXT * sizeof *path);
  DWORD pid;
  for (HANDLE process; (process = next_child(program, tree, &pid, path)) != NULL; CloseHandle(process)) {
    uint64_t moment = GetTickCount64();
    DWORD left = timeout_ms == INFINITE ? INFINITE : end > moment ? (DWORD)(end - moment) : 0;
    int late = WaitForSingleObject(process, left) == WAIT_TIMEOUT;
    child *told = tell(pid, path);
    if (late) { /* of those that stay none is ended: the agent may be among them */
      timed_out = 1;
      if (!TerminateProcess(process, ERROR_TIMEOUT) || WaitForSingleObject(process, 5000) == WAIT_TIMEOUT) {
        CloseHandle(process);
        break;
      }
    }
    if (told) {
      told->ended = !late;
      GetExitCodeProcess(process, &told->exit_code);
    }
  }
  free(path);
  return timed_out;
}

void describe_children(void) {
  json_array("children");
  for (DWORD i = 0; i < child_count; i++) {
    json_object(NULL);
    json_unsigned("pid", children[i].pid);
    json_text("path", children[i].path);
    json_unsigned("exit_code", children[i].exit_code);
    json_bool("ended", children[i].ended);
    json_end();
  }
  json_end();
}
