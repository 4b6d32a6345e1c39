/* file, tree: what is stored on disk. */
#include "files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bcrypt.h>

#include "security.h"

#define PIECE (1 << 18)

uint64_t size_of(const WIN32_FIND_DATAW *found) {
  return (uint64_t)found->nFileSizeHigh << 32 | found->nFileSizeLow;
}

wchar_t *long_path(const wchar_t *path) {
  DWORD units = GetFullPathNameW(path, 0, NULL, NULL);
  wchar_t *full = allocate((units + 1) * sizeof *full);
  GetFullPathNameW(path, units + 1, full, NULL);
  size_t end = wcslen(full);
  if (end > 3 && full[end - 1] == '\\') full[end - 1] = 0;
  if (!wcsncmp(full, L"\\\\", 2)) return full; /* a device or a share */
  return join_text(L"\\\\?\\", full, NULL);
}

/* Loaded on first use, as Wine takes its time over bcrypt. */
static DWORD digest(HANDLE file, UCHAR hash[32]) {
  static BCRYPT_ALG_HANDLE algorithm;
  static NTSTATUS(WINAPI * open)(BCRYPT_ALG_HANDLE *, LPCWSTR, LPCWSTR, ULONG);
  static NTSTATUS(WINAPI * create)(BCRYPT_ALG_HANDLE, BCRYPT_HASH_HANDLE *, PUCHAR, ULONG, PUCHAR, ULONG, ULONG);
  static NTSTATUS(WINAPI * add)(BCRYPT_HASH_HANDLE, PUCHAR, ULONG, ULONG);
  static NTSTATUS(WINAPI * finish)(BCRYPT_HASH_HANDLE, PUCHAR, ULONG, ULONG);
  static NTSTATUS(WINAPI * destroy)(BCRYPT_HASH_HANDLE);
  static UCHAR *piece;
  BCRYPT_HASH_HANDLE running;
  DWORD got = 0, error = 0;
  if (!algorithm) {
    piece = allocate(PIECE);
    open = (void *)optional_function(L"bcrypt.dll", "BCryptOpenAlgorithmProvider");
    create = (void *)optional_function(L"bcrypt.dll", "BCryptCreateHash");
    add = (void *)optional_function(L"bcrypt.dll", "BCryptHashData");
    finish = (void *)optional_function(L"bcrypt.dll", "BCryptFinishHash");
    destroy = (void *)optional_function(L"bcrypt.dll", "BCryptDestroyHash");
    if (!open || !create || !add || !finish || !destroy || open(&algorithm, BCRYPT_SHA256_ALGORITHM, NULL, 0))
      return ERROR_NOT_SUPPORTED;
  }
  if (create(algorithm, &running, NULL, 0, NULL, 0, 0)) return ERROR_NOT_SUPPORTED;
  while (!error) {
    if (!ReadFile(file, piece, PIECE, &got, NULL)) error = GetLastError();
    else if (!got) break;
    else add(running, piece, got, 0);
  }
  finish(running, hash, 32, 0);
  destroy(running);
  return error;
}

void json_sha256(const wchar_t *path) {
  UCHAR hash[32];
  char hex[65];
  DWORD error = 0;
  HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                            OPEN_EXISTING, FILE_FLAG_SEQUENTIAL_SCAN, NULL);
  if (file == INVALID_HANDLE_VALUE) error = GetLastError();
  else {
    error = digest(file, hash);
    CloseHandle(file);
  }
  if (error) {
    json_null("sha256");
    json_unsigned("error", error);
    return;
  }
  for (int i = 0; i < 32; i++) sprintf(hex + 2 * i, "%02x", hash[i]);
  json_ascii("sha256", hex);
  json_null("error");
}

static void version_text(const char *key, DWORD high, DWORD low) {
  char text[48];
  sprintf(text, "%u.%u.%u.%u", HIWORD(high), LOWORD(high), HIWORD(low), LOWORD(low));
  json_ascii(key, text);
}

static void versions(const wchar_t *path) {
  DWORD(WINAPI * size_of_info)(LPCWSTR, DWORD *) = (void *)optional_function(L"version.dll", "GetFileVersionInfoSizeW");
  BOOL(WINAPI * get)(LPCWSTR, DWORD, DWORD, void *) = (void *)optional_function(L"version.dll", "GetFileVersionInfoW");
  BOOL(WINAPI * value)(const void *, LPCWSTR, void **, UINT *) =
      (void *)optional_function(L"version.dll", "VerQueryValueW");
  DWORD unused, size = size_of_info && get && value ? size_of_info(path, &unused) : 0;
  void *info = allocate(size);
  VS_FIXEDFILEINFO *fixed = NULL;
  UINT bytes = 0;
  if (size && get(path, 0, size, info) && value(info, L"\\", (void **)&fixed, &bytes) && bytes >= sizeof *fixed) {
    version_text("file_version", fixed->dwFileVersionMS, fixed->dwFileVersionLS);
    version_text("product_version", fixed->dwProductVersionMS, fixed->dwProductVersionLS);
  } else {
    json_null("file_version");
    json_null("product_version");
  }
  free(info);
}

static void one_file(const wchar_t *given) {
  WIN32_FILE_ATTRIBUTE_DATA data;
  wchar_t *expanded = expand_text(given), *path = long_path(expanded);
  json_object(NULL);
  json_text("path", given);
  if (!GetFileAttributesExW(path, GetFileExInfoStandard, &data)) {
    DWORD error = GetLastError();
    int absent = error == ERROR_FILE_NOT_FOUND || error == ERROR_PATH_NOT_FOUND || error == ERROR_INVALID_NAME ||
                 error == ERROR_NOT_READY || error == ERROR_BAD_NETPATH;
    json_bool("exists", !absent);
    if (!absent) json_unsigned("error", error);
  } else {
    int directory = (data.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
    json_bool("exists", 1);
    json_bool("directory", directory);
    json_unsigned("size", (uint64_t)data.nFileSizeHigh << 32 | data.nFileSizeLow);
    json_unsigned("attributes", data.dwFileAttributes);
    json_time("created", time_of(data.ftCreationTime));
    json_time("modified", time_of(data.ftLastWriteTime));
    json_time("accessed", time_of(data.ftLastAccessTime));
    if (!directory) {
      json_sha256(path);
      versions(path);
    }
    json_file_security(path);
  }
  json_end();
  free(path);
  free(expanded);
}

int file_command(arguments *given) {
  json_array(NULL);
  for (int i = 0; i < given->count; i++) one_file(given->items[i]);
  json_end();
  return 0;
}

static void walk_below(const wchar_t *full, const wchar_t *relative, visitor *visit, void *context) {
  WIN32_FIND_DATAW found;
  wchar_t *pattern = join_text(full, L"\\*", NULL);
  HANDLE search = FindFirstFileW(pattern, &found);
  free(pattern);
  if (search == INVALID_HANDLE_VALUE) return;
  do {
    if (!wcscmp(found.cFileName, L".") || !wcscmp(found.cFileName, L"..")) continue;
    wchar_t *inner = join_text(full, L"\\", found.cFileName, NULL);
    wchar_t *name = *relative ? join_text(relative, L"\\", found.cFileName, NULL) : copy_text(found.cFileName);
    visit(inner, name, &found, context);
    if (found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY && !(found.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT))
      walk_below(inner, name, visit, context);
    free(name);
    free(inner);
  } while (FindNextFileW(search, &found));
  FindClose(search);
}

int walk(const wchar_t *root, visitor *visit, void *context) {
  wchar_t *expanded = expand_text(root), *full = long_path(expanded);
  DWORD attributes = GetFileAttributesW(full);
  int exists = attributes != INVALID_FILE_ATTRIBUTES && attributes & FILE_ATTRIBUTE_DIRECTORY;
  size_t end = wcslen(full);
  if (end && full[end - 1] == '\\') full[end - 1] = 0; /* a drive's root */
  if (exists) walk_below(full, L"", visit, context);
  free(full);
  free(expanded);
  return exists;
}

static void tree_entry(const wchar_t *full, const wchar_t *relative, const WIN32_FIND_DATAW *found, void *hash) {
  int directory = (found->dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
  json_object(NULL);
  json_text("path", relative);
  json_bool("directory", directory);
  json_unsigned("size", size_of(found));
  json_unsigned("attributes", found->dwFileAttributes);
  json_time("modified", time_of(found->ftLastWriteTime));
  if (hash && !directory) json_sha256(full);
  json_end();
}

int tree_command(arguments *given) {
  int hash = take_flag(given, L"--hash");
  if (given->count != 1) return fail("tree needs one directory", ERROR_INVALID_PARAMETER);
  json_object(NULL);
  json_text("root", given->items[0]);
  json_array("entries");
  int exists = walk(given->items[0], tree_entry, hash ? given : NULL);
  json_end();
  json_bool("exists", exists);
  json_end();
  return 0;
}
