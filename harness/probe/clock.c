/* clock, set-clock. */
#include <stdio.h>

#include "probe.h"

int clock_command(arguments *given) {
  TIME_ZONE_INFORMATION zone;
  (void)given;
  DWORD season = GetTimeZoneInformation(&zone);
  LONG bias = zone.Bias + (season == TIME_ZONE_ID_DAYLIGHT ? zone.DaylightBias : zone.StandardBias);
  char digits[16];
  int length = sprintf(digits, "%ld", bias);
  json_object(NULL);
  json_time("now", now());
  json_raw("bias_minutes", digits, (size_t)length);
  json_text("time_zone", season == TIME_ZONE_ID_DAYLIGHT ? zone.DaylightName : zone.StandardName);
  json_end();
  return 0;
}

static void allow_setting(void) {
  HANDLE token;
  TOKEN_PRIVILEGES wanted = {.PrivilegeCount = 1, .Privileges = {{.Attributes = SE_PRIVILEGE_ENABLED}}};
  if (!OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES, &token)) return;
  if (LookupPrivilegeValueW(NULL, L"SeSystemtimePrivilege", &wanted.Privileges[0].Luid))
    AdjustTokenPrivileges(token, FALSE, &wanted, 0, NULL, NULL);
  CloseHandle(token);
}

int set_clock_command(arguments *given) {
  unsigned year, month, day, hour, minute, second;
  if (on_wine()) return fail("under Wine the clock is the host's", ERROR_NOT_SUPPORTED);
  if (given->count != 1 || swscanf(given->items[0], L"%4u-%2u-%2uT%2u:%2u:%2u", &year, &month, &day, &hour, &minute,
                                   &second) != 6)
    return fail("set-clock needs a time such as 2026-01-31T12:00:00Z (UTC)", ERROR_INVALID_PARAMETER);
  SYSTEMTIME wanted = {(WORD)year, (WORD)month, 0, (WORD)day, (WORD)hour, (WORD)minute, (WORD)second, 0};
  uint64_t before = now();
  allow_setting();
  if (!SetSystemTime(&wanted)) return fail("SetSystemTime", GetLastError());
  json_object(NULL);
  json_time("before", before);
  json_time("after", now());
  json_end();
  return 0;
}
