/* set-property: a property of an installed product, in the copy of its package that the installer keeps. */
#include <stdio.h>

#include "probe.h"

typedef unsigned long handle;
typedef UINT(WINAPI *product_info)(const wchar_t *, const wchar_t *, wchar_t *, DWORD *);
typedef UINT(WINAPI *open_database)(const wchar_t *, const wchar_t *, handle *);
typedef UINT(WINAPI *open_view)(handle, const wchar_t *, handle *);
typedef UINT(WINAPI *execute_view)(handle, handle);
typedef UINT(WINAPI *of_handle)(handle);

#define OF_MSI(type, name) ((type)optional_function(L"msi.dll", name))
#define TRANSACTED ((const wchar_t *)1) /* MSIDBOPEN_TRANSACT */
#define LONGEST 512

static UINT execute(handle database, const wchar_t *query) {
  handle view;
  UINT code = OF_MSI(open_view, "MsiDatabaseOpenViewW")(database, query, &view);
  if (code) return code;
  code = OF_MSI(execute_view, "MsiViewExecute")(view, 0);
  OF_MSI(of_handle, "MsiCloseHandle")(view);
  return code;
}

static UINT set(handle database, const wchar_t *name, const wchar_t *value) {
  wchar_t query[LONGEST];
  swprintf(query, LONGEST, L"DELETE FROM `Property` WHERE `Property` = '%ls'", name);
  UINT code = execute(database, query);
  if (code || !*value) return code;
  swprintf(query, LONGEST, L"INSERT INTO `Property` (`Property`, `Value`) VALUES ('%ls', '%ls')", name, value);
  return execute(database, query);
}

int set_property_command(arguments *given) {
  wchar_t path[MAX_PATH];
  DWORD size = MAX_PATH;
  handle database;
  if (given->count < 2 || given->count > 3)
    return fail("set-property needs a product code, a name and maybe a value", ERROR_INVALID_PARAMETER);
  const wchar_t *value = given->count == 3 ? given->items[2] : L"";
  if (!on_wine()) return fail("the installer's own packages are changed on Wine alone", ERROR_NOT_SUPPORTED);
  if (wcslen(given->items[1]) + wcslen(value) > LONGEST / 2 || wcspbrk(given->items[1], L"'`") || wcschr(value, L'\''))
    return fail("set-property needs a short name and value without quotes", ERROR_INVALID_PARAMETER);
  UINT code = OF_MSI(product_info, "MsiGetProductInfoW")(given->items[0], L"LocalPackage", path, &size);
  if (code) return fail("MsiGetProductInfo", code);
  code = OF_MSI(open_database, "MsiOpenDatabaseW")(path, TRANSACTED, &database);
  if (code) return fail("MsiOpenDatabase", code);
  code = set(database, given->items[1], value);
  if (!code) code = OF_MSI(of_handle, "MsiDatabaseCommit")(database);
  OF_MSI(of_handle, "MsiCloseHandle")(database);
  if (code) return fail("MsiDatabaseCommit", code);
  json_object(NULL);
  json_text("package", path);
  json_end();
  return 0;
}
