/* The probe as the program that another one is asked to start: it does the work itself, which saves a process. */
#include "own.h"

#include <stdlib.h>
#include <string.h>

static wchar_t *acted_as;

/* What is started and reported as the probe is the file that the command line named. */
wchar_t *own_path(void) {
  if (acted_as) return acted_as;
  wchar_t *path = allocate(32768 * sizeof *path);
  GetModuleFileNameW(NULL, path, 32768);
  /* Wine drops the beginning of a path that is on no drive. */
  return wcsncmp(path, L"unix\\", 5) ? path : join_text(L"\\\\?\\", path, NULL);
}

static char *content(const wchar_t *path, DWORD *size) {
  char *bytes = NULL;
  DWORD got;
  HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL, OPEN_EXISTING, 0, NULL);
  if (file == INVALID_HANDLE_VALUE) return NULL;
  *size = GetFileSize(file, NULL);
  if (*size != INVALID_FILE_SIZE) {
    bytes = allocate(*size);
    if (!ReadFile(file, bytes, *size, &got, NULL) || got != *size) free(bytes), bytes = NULL;
  }
  CloseHandle(file);
  return bytes;
}

/* Takes a signature out of a program: what stands at the file's end, its place in the headers, and the checksum
 * (Windows Authenticode Portable Executable Signature Format). Returns the size of what is left, 0 for no program. */
static DWORD unsign(char *bytes, DWORD size) {
  IMAGE_DOS_HEADER *dos = (IMAGE_DOS_HEADER *)bytes;
  if (size < sizeof(IMAGE_NT_HEADERS64) || dos->e_lfanew < 0 ||
      size - sizeof(IMAGE_NT_HEADERS64) < (DWORD)dos->e_lfanew)
    return 0;
  IMAGE_OPTIONAL_HEADER64 *header = &((IMAGE_NT_HEADERS64 *)(bytes + dos->e_lfanew))->OptionalHeader;
  IMAGE_DATA_DIRECTORY *signature = &header->DataDirectory[IMAGE_DIRECTORY_ENTRY_SECURITY];
  DWORD end = signature->VirtualAddress && signature->VirtualAddress < size ? signature->VirtualAddress : size;
  header->CheckSum = signature->VirtualAddress = signature->Size = 0;
  return end;
}

/* Both are signed, or one: the one that runs may be the one that was compiled. */
static int same_content(const wchar_t *one, const wchar_t *other) {
  DWORD size = 0, other_size = 0;
  char *mine = content(one, &size), *theirs = mine ? content(other, &other_size) : NULL;
  DWORD left = theirs ? unsign(mine, size) : 0;
  int same = left && left == unsign(theirs, other_size) && !memcmp(mine, theirs, left);
  free(mine);
  free(theirs);
  return same;
}

/* The program of a command line as CreateProcess takes it when nothing is left to guess: a whole path to an .exe. */
static wchar_t *named_program(const wchar_t *line) {
  const wchar_t *from = *line == '"' ? line + 1 : line;
  size_t units = wcscspn(from, *line == '"' ? L"\"" : L" \t");
  wchar_t *path = copy_text(from);
  path[units] = 0;
  if (units < 8 || path[1] != ':' || path[2] != '\\' || _wcsicmp(path + units - 4, L".exe")) return NULL;
  return path;
}

/* What the interpreter would start and wait for, unchanged; the whole line where that has a sign it reads. */
static const wchar_t *without_cmd(const wchar_t *line) {
  const wchar_t *asked = L"cmd.exe /c ", *rest = line + wcslen(asked);
  if (_wcsnicmp(line, asked, wcslen(asked)) || wcspbrk(rest, L"\"&|<>^%!()@,;=")) return line;
  return rest;
}

const wchar_t *own_command(const wchar_t *command_line) {
  const wchar_t *line = without_cmd(command_line);
  wchar_t *path = named_program(line), *mine = own_path();
  const wchar_t *name = wcsrchr(mine, '\\');
  if (wcsstr(line, L" exec ")) return NULL; /* its standard streams would be those of two commands */
  if (!path || !name || _wcsicmp(wcsrchr(path, '\\'), name) || !same_content(mine, path)) return NULL;
  acted_as = path;
  return line;
}
