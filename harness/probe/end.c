#include "end.h"

#include "tree.h"

DWORD save_not_started(const wchar_t *result, DWORD code) {
  json_object(NULL);
  json_unsigned("exit_code", 1);
  json_ascii("error", "the program could not be started");
  json_unsigned("code", code);
  json_end();
  return result ? (DWORD)json_save(result) : 0;
}

void describe_end(DWORD pid, DWORD code, int timed_out, uint64_t began) {
  json_object(NULL);
  json_unsigned("exit_code", code);
  json_unsigned("pid", pid);
  json_bool("timed_out", timed_out);
  json_time("started", began);
  json_time("ended", now());
  describe_children();
  json_end();
}
