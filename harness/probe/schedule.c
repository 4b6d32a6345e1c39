#include "schedule.h"

#include <stdlib.h>

#include "start.h"

DWORD run_hidden(const wchar_t *line) {
  start_options options = {.flags = CREATE_NO_WINDOW};
  started program;
  DWORD code = 0, error = start_program(line, &options, &program);
  if (error) return error;
  return wait_program(&program, 60000, &code) ? ERROR_TIMEOUT : code;
}

static wchar_t *escaped(const wchar_t *text) {
  wchar_t *safe = allocate((wcslen(text) * 6 + 1) * sizeof *safe), *at = safe;
  for (; *text; text++) {
    const wchar_t *entity = *text == '&' ? L"&amp;" : *text == '<' ? L"&lt;" : *text == '>' ? L"&gt;" : NULL;
    if (!entity) *at++ = *text;
    else
      while (*entity) *at++ = *entity++;
  }
  return safe;
}

DWORD create_task(const wchar_t *name, const wchar_t *folder, const wchar_t *program, const wchar_t *line) {
  static const wchar_t start[] = /* [MS-TSCH] 2.5 */
      L"\xFEFF<?xml version=\"1.0\" encoding=\"UTF-16\"?>\r\n"
      L"<Task version=\"1.2\" xmlns=\"http://schemas.microsoft.com/windows/2004/02/mit/task\">"
      L"<RegistrationInfo><Description>agent-bvt</Description></RegistrationInfo><Triggers/>"
      L"<Principals><Principal id=\"System\"><UserId>S-1-5-18</UserId><RunLevel>HighestAvailable</RunLevel>"
      L"</Principal></Principals><Settings><MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>"
      L"<DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>"
      L"<StopIfGoingOnBatteries>false</StopIfGoingOnBatteries><ExecutionTimeLimit>PT0S</ExecutionTimeLimit>"
      L"<Priority>5</Priority></Settings><Actions Context=\"System\"><Exec><Command>";
  wchar_t *xml = join_text(start, escaped(program), L"</Command><Arguments>", escaped(line),
                           L"</Arguments></Exec></Actions></Task>\r\n", NULL);
  wchar_t *file = join_text(folder, L"\\", name, L".xml", NULL);
  DWORD wrote, error = 0;
  HANDLE handle = CreateFileW(file, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
  if (handle == INVALID_HANDLE_VALUE) return GetLastError();
  if (!WriteFile(handle, xml, (DWORD)(wcslen(xml) * sizeof *xml), &wrote, NULL)) error = GetLastError();
  CloseHandle(handle);
  if (!error)
    error = run_hidden(join_text(system_program(L"schtasks.exe"), L" /create /tn \"", name, L"\" /xml \"", file, L"\" /f", NULL));
  DeleteFileW(file);
  return error;
}

DWORD run_task(const wchar_t *name) { return run_hidden(join_text(system_program(L"schtasks.exe"), L" /run /tn \"", name, L"\"", NULL)); }

DWORD delete_task(const wchar_t *name) {
  return run_hidden(join_text(system_program(L"schtasks.exe"), L" /delete /tn \"", name, L"\" /f", NULL));
}
