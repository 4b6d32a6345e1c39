/* suspend: a process that hangs, as seen by everybody else. */
#include <stdlib.h>

#include "native.h"
#include "probe.h"

typedef NTSTATUS(WINAPI *suspend_process)(HANDLE);

int suspend_command(arguments *given) {
  if (given->count != 1) return fail("suspend needs the id of one process", ERROR_INVALID_PARAMETER);
  DWORD pid = wcstoul(given->items[0], NULL, 10);
  HANDLE process = OpenProcess(PROCESS_SUSPEND_RESUME, FALSE, pid);
  if (!process) return fail("OpenProcess", GetLastError());
  NTSTATUS status = NATIVE(suspend_process, "NtSuspendProcess")(process);
  CloseHandle(process);
  if (status) return fail("NtSuspendProcess", (DWORD)status);
  json_object(NULL);
  json_unsigned("pid", pid);
  json_end();
  return 0;
}
