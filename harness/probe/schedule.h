/* Scheduled tasks by schtasks.exe with a description in XML, the one way that also works under Wine. */
#ifndef BVT_SCHEDULE_H
#define BVT_SCHEDULE_H
#include "probe.h"

/* A task without trigger that runs as SYSTEM. 0 or a Win32 error. `folder` is where its XML file may lie. */
DWORD create_task(const wchar_t *name, const wchar_t *folder, const wchar_t *program, const wchar_t *line);
DWORD run_task(const wchar_t *name);
DWORD delete_task(const wchar_t *name);
/* Runs a program hidden and waits up to 60 s. 0, a Win32 error, or its exit code. */
DWORD run_hidden(const wchar_t *line);
#endif
