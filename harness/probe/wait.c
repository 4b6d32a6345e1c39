/* wait-file: saves its caller the polling. The file appears by a rename, so it is whole once it is there. */
#include "wait.h"

#include <stdlib.h>

#include "files.h"
#include "start.h"

#define LARGEST (8u << 20)
#define LOOK_AGAIN_MS 250 /* not every file system tells of changes */

static char *read_file(const wchar_t *path, DWORD *size, DWORD *error) {
  HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                            OPEN_EXISTING, 0, NULL);
  char *bytes = NULL;
  *error = GetLastError();
  if (file == INVALID_HANDLE_VALUE) return NULL;
  DWORD length = GetFileSize(file, NULL);
  if (length > LARGEST) {
    *error = ERROR_FILE_TOO_LARGE;
  } else {
    bytes = allocate(length + 1);
    *error = ReadFile(file, bytes, length, size, NULL) ? 0 : GetLastError();
  }
  CloseHandle(file);
  return bytes;
}

char *wait_for_file(const wchar_t *path, DWORD timeout_ms, DWORD *size, DWORD *error) {
  wchar_t *directory = copy_text(path), *last = wcsrchr(directory, '\\');
  uint64_t end = GetTickCount64() + timeout_ms;
  if (last) *last = 0;
  HANDLE change = FindFirstChangeNotificationW(last ? directory : L".", FALSE,
                                               FILE_NOTIFY_CHANGE_FILE_NAME | FILE_NOTIFY_CHANGE_LAST_WRITE);
  char *bytes;
  for (;;) {
    bytes = read_file(path, size, error);
    if (bytes || (*error != ERROR_FILE_NOT_FOUND && *error != ERROR_PATH_NOT_FOUND &&
                  *error != ERROR_SHARING_VIOLATION && *error != ERROR_ACCESS_DENIED))
      break;
    uint64_t moment = GetTickCount64();
    if (moment >= end) {
      *error = ERROR_TIMEOUT;
      break;
    }
    DWORD pause = end - moment < LOOK_AGAIN_MS ? (DWORD)(end - moment) : LOOK_AGAIN_MS;
    if (change == INVALID_HANDLE_VALUE) Sleep(pause);
    else if (WaitForSingleObject(change, pause) == WAIT_OBJECT_0) FindNextChangeNotification(change);
  }
  if (change != INVALID_HANDLE_VALUE) FindCloseChangeNotification(change);
  free(directory);
  return bytes;
}

int wait_file_command(arguments *given) {
  DWORD timeout_ms = number_option(given, L"--timeout-ms", 60000), size = 0, error = 0;
  uint64_t began = GetTickCount64();
  if (given->count != 1) return fail("wait-file needs one file", ERROR_INVALID_PARAMETER);
  char *bytes = wait_for_file(given->items[0], timeout_ms, &size, &error);
  if (!bytes || error) return fail("the file did not come", error);
  int units = MultiByteToWideChar(CP_UTF8, 0, bytes, (int)size, NULL, 0);
  wchar_t *text = allocate(((size_t)units + 1) * sizeof *text);
  MultiByteToWideChar(CP_UTF8, 0, bytes, (int)size, text, units);
  json_object(NULL);
  json_text("path", given->items[0]);
  json_unsigned("waited_ms", GetTickCount64() - began);
  json_text_n("content", text, (size_t)units); /* JSON as text, as nobody here can vouch for it */
  json_end();
  return 0;
}
