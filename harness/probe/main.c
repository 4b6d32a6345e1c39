/* bvt-probe: asks a Windows (or Wine) system about itself and answers with one JSON document. */
#include <string.h>

#include "probe.h"

int wmain(void) {
  arguments given = split_arguments(GetCommandLineW(), 1);
  SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOOPENFILEERRORBOX);
  if (!given.count || wcscmp(given.items[0], L"exec")) return do_asked(&given);
  given.items++;
  given.count--;
  return exec_command(&given);
}
