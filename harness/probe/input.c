#include "input.h"

#include <stdlib.h>
#include <string.h>

#define MOST (16u << 20) /* who asks for each file of an agent by its path sends megabytes */

/* What was read; the first `taken` bytes were given away already. */
static struct {
  char *bytes;
  DWORD room, size, taken;
} input;

/* Reads on; returns how much, 0 at the end or once there is too much. */
static DWORD read_more(void) {
  DWORD got = 0;
  if (input.size == input.room) {
    DWORD room = input.room ? input.room * 2 : 65536;
    char *grown = room > MOST ? NULL : realloc(input.bytes, room + 1);
    if (!grown) return 0;
    input.bytes = grown;
    input.room = room;
  }
  if (!ReadFile(GetStdHandle(STD_INPUT_HANDLE), input.bytes + input.size, input.room - input.size, &got, NULL)) return 0;
  input.size += got;
  return got;
}

char *read_input(DWORD *size) {
  while (read_more()) continue;
  if (input.size == MOST) {
    fail("the input is longer than 16 MiB", ERROR_FILE_TOO_LARGE);
    return NULL;
  }
  input.bytes[input.size] = 0;
  *size = input.size;
  return input.bytes;
}

const char *read_question(DWORD *size) {
  if (input.taken) memmove(input.bytes, input.bytes + input.taken, input.size - input.taken);
  input.size -= input.taken;
  input.taken = 0;
  for (DWORD at = 1;; at++) {
    while (at >= input.size)
      if (!read_more()) return NULL;
    if (input.bytes[at] == '\n' && input.bytes[at - 1] == '\n') {
      *size = input.taken = at + 1;
      return input.bytes;
    }
  }
}
