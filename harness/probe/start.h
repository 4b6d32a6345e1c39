/* Starting a program so that only what it needs is inherited and its whole tree can be ended. */
#ifndef BVT_START_H
#define BVT_START_H
#include "probe.h"

typedef struct {
  HANDLE in, out, err, extra, job; /* extra and job: further handles that the child inherits, or NULL */
  const wchar_t *directory;   /* NULL: the current one */
  DWORD flags;                /* further creation flags */
  int keep_job;               /* do not try to break away from the job we are in */
} start_options;

typedef struct {
  HANDLE process, job; /* job is NULL where the system allows no nested job */
  DWORD pid;
} started;

/* A copy that a child may inherit, which the caller closes; NULL for none, and where it cannot be made. */
HANDLE inheritable(HANDLE from);
/* 0 or a Win32 error. The handles given stay the caller's. */
DWORD start_program(const wchar_t *command_line, const start_options *options, started *result);
/* Waits; ends the whole tree when the time is over. Returns whether it timed out. */
int wait_program(const started *program, DWORD timeout_ms, DWORD *exit_code);
DWORD number_option(arguments *given, const wchar_t *name, DWORD otherwise);
#endif
