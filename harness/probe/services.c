/* services, drivers: each by the service control manager and by its registry key, as either can know it alone. */
#include <stdlib.h>
#include <string.h>

#include "probe.h"
#include "registry.h"
#include "security.h"

static const wchar_t services_key[] = L"SYSTEM\\CurrentControlSet\\Services";

/* QueryServiceConfigW and QueryServiceConfig2W (level >= 0) into fresh memory; NULL if refused. */
static void *query(SC_HANDLE service, int level) {
  DWORD size = 0;
  if (level < 0) QueryServiceConfigW(service, NULL, 0, &size);
  else QueryServiceConfig2W(service, (DWORD)level, NULL, 0, &size);
  if (!size) return NULL;
  void *memory = allocate(size);
  if (level < 0 ? QueryServiceConfigW(service, memory, size, &size)
                : QueryServiceConfig2W(service, (DWORD)level, memory, size, &size))
    return memory;
  free(memory);
  return NULL;
}

static void flag(const char *key, SC_HANDLE service, int level) {
  DWORD *value = query(service, level);
  if (value) json_bool(key, *value != 0);
  else json_null(key);
  free(value);
}

static void configuration(SC_HANDLE service) {
  QUERY_SERVICE_CONFIGW *config = query(service, -1);
  static const char *const numbers[] = {"start", "error_control"};
  static const char *const texts[] = {"image_path", "load_order_group", "dependencies", "account", "display_name"};
  if (!config) {
    for (int i = 0; i < 2; i++) json_null(numbers[i]);
    for (int i = 0; i < 5; i++) json_null(texts[i]);
    return;
  }
  json_unsigned("start", config->dwStartType);
  json_unsigned("error_control", config->dwErrorControl);
  json_text("image_path", config->lpBinaryPathName);
  json_text("load_order_group", config->lpLoadOrderGroup);
  json_array("dependencies");
  for (const wchar_t *at = config->lpDependencies; at && *at; at += wcslen(at) + 1) json_text(NULL, at);
  json_end();
  json_text("account", config->lpServiceStartName);
  json_text("display_name", config->lpDisplayName);
  free(config);
}

static void failure_actions(SC_HANDLE service) {
  SERVICE_FAILURE_ACTIONSW *actions = query(service, SERVICE_CONFIG_FAILURE_ACTIONS);
  if (!actions) {
    json_null("failure_actions");
    return;
  }
  json_object("failure_actions");
  json_unsigned("reset_period_s", actions->dwResetPeriod);
  json_text("reboot_message", actions->lpRebootMsg);
  json_text("command", actions->lpCommand);
  json_array("actions");
  for (DWORD i = 0; actions->lpsaActions && i < actions->cActions; i++) {
    json_object(NULL);
    json_unsigned("kind", actions->lpsaActions[i].Type);
    json_unsigned("delay_ms", actions->lpsaActions[i].Delay);
    json_end();
  }
  json_end();
  json_end();
  free(actions);
}

static void service_sddl(SC_HANDLE service) {
  DWORD size = 0;
  BYTE none[1];
  const SECURITY_INFORMATION parts =
      OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;
  /* Wine answers with the same descriptor for every service, which is no answer. */
  if (!on_wine() && !QueryServiceObjectSecurity(service, parts, (PSECURITY_DESCRIPTOR)none, 0, &size) && size) {
    PSECURITY_DESCRIPTOR descriptor = allocate(size);
    if (QueryServiceObjectSecurity(service, parts, descriptor, size, &size)) json_sddl("sddl", descriptor, parts);
    else json_null("sddl");
    free(descriptor);
  } else {
    json_null("sddl");
  }
}

/* A stopped service has no process: null. Wine leaves a dead service RUNNING with a stale id. */
static void pid_alive(DWORD pid) {
  HANDLE process = pid ? OpenProcess(SYNCHRONIZE, FALSE, pid) : NULL;
  DWORD error = GetLastError();
  if (!pid) json_null("pid_alive");
  else json_bool("pid_alive", process ? WaitForSingleObject(process, 0) == WAIT_TIMEOUT : error == ERROR_ACCESS_DENIED);
  if (process) CloseHandle(process);
}

static int by_manager(SC_HANDLE manager, const wchar_t *name) {
  SERVICE_STATUS_PROCESS status = {0};
  DWORD size = sizeof status;
  SC_HANDLE service = OpenServiceW(manager, name, SERVICE_QUERY_CONFIG | SERVICE_QUERY_STATUS | READ_CONTROL);
  if (!service) service = OpenServiceW(manager, name, SERVICE_QUERY_STATUS);
  if (!service || !QueryServiceStatusEx(service, SC_STATUS_PROCESS_INFO, (BYTE *)&status, size, &size)) {
    if (service) CloseServiceHandle(service);
    json_null("manager");
    return 0;
  }
  json_object("manager");
  json_unsigned("service_type", status.dwServiceType);
  json_unsigned("state", status.dwCurrentState);
  json_unsigned("controls_accepted", status.dwControlsAccepted);
  json_unsigned("win32_exit_code", status.dwWin32ExitCode);
  json_unsigned("service_exit_code", status.dwServiceSpecificExitCode);
  json_unsigned("pid", status.dwProcessId);
  pid_alive(status.dwProcessId);
  configuration(service);
  SERVICE_DESCRIPTIONW *description = query(service, SERVICE_CONFIG_DESCRIPTION);
  json_text("description", description ? description->lpDescription : NULL);
  free(description);
  flag("delayed_start", service, SERVICE_CONFIG_DELAYED_AUTO_START_INFO);
  failure_actions(service);
  flag("failure_flag", service, SERVICE_CONFIG_FAILURE_ACTIONS_FLAG);
  DWORD *sid_type = query(service, SERVICE_CONFIG_SERVICE_SID_INFO);
  if (sid_type) json_unsigned("sid_type", *sid_type);
  else json_null("sid_type");
  free(sid_type);
  service_sddl(service);
  json_end();
  CloseServiceHandle(service);
  return 1;
}

static int by_registry(HKEY services, const wchar_t *name) {
  static const struct {
    const char *key;
    const wchar_t *value;
  } values[] = {{"service_type", L"Type"},
                {"start", L"Start"},
                {"error_control", L"ErrorControl"},
                {"image_path", L"ImagePath"},
                {"group", L"Group"},
                {"object_name", L"ObjectName"},
                {"display_name", L"DisplayName"},
                {"description", L"Description"},
                {"depend_on_service", L"DependOnService"},
                {"delayed_autostart", L"DelayedAutostart"},
                {"failure_actions", L"FailureActions"},
                {"failure_actions_on_non_crash", L"FailureActionsOnNonCrashFailures"},
                {"service_sid_type", L"ServiceSidType"},
                {"delete_flag", L"DeleteFlag"}};
  HKEY key = services ? registry_open(services, name) : NULL;
  if (!key) {
    json_null("registry");
    return 0;
  }
  json_object("registry");
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) registry_value_of(values[i].key, key, values[i].value);
  json_end();
  RegCloseKey(key);
  return 1;
}

static void one(SC_HANDLE manager, HKEY services, const wchar_t *name) {
  json_mark before = json_here();
  json_object(NULL);
  json_text("name", name);
  int known = by_manager(manager, name);
  known |= by_registry(services, name);
  json_end();
  if (!known) json_back_to(before);
}

static DWORD stored_type(HKEY services, const wchar_t *name) {
  DWORD type = 0, kind, size = sizeof type;
  HKEY key = services ? registry_open(services, name) : NULL;
  if (!key) return 0;
  if (RegQueryValueExW(key, L"Type", NULL, &kind, (BYTE *)&type, &size) || kind != REG_DWORD) type = 0;
  RegCloseKey(key);
  return type;
}

static int list(arguments *given, DWORD types) {
  SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT | SC_MANAGER_ENUMERATE_SERVICE);
  DWORD needed = 0, count = 0, resume = 0;
  if (!manager) return fail("OpenSCManager", GetLastError());
  HKEY services = registry_open(HKEY_LOCAL_MACHINE, services_key);
  json_array(NULL);
  if (given->count) {
    for (int i = 0; i < given->count; i++) one(manager, services, given->items[i]);
  } else {
    for (DWORD n = 0;; n++) {
      wchar_t *name = services ? registry_child(services, n) : NULL;
      if (!name) break;
      if (stored_type(services, name) & types) one(manager, services, name);
      free(name);
    }
    EnumServicesStatusExW(manager, SC_ENUM_PROCESS_INFO, types, SERVICE_STATE_ALL, NULL, 0, &needed, &count, &resume,
                          NULL);
    BYTE *memory = allocate(needed += 65536);
    resume = 0;
    if (EnumServicesStatusExW(manager, SC_ENUM_PROCESS_INFO, types, SERVICE_STATE_ALL, memory, needed, &needed, &count,
                              &resume, NULL)) {
      ENUM_SERVICE_STATUS_PROCESSW *found = (ENUM_SERVICE_STATUS_PROCESSW *)memory;
      for (DWORD i = 0; i < count; i++)
        if (!(stored_type(services, found[i].lpServiceName) & types)) one(manager, services, found[i].lpServiceName);
    }
    free(memory);
  }
  json_end();
  if (services) RegCloseKey(services);
  CloseServiceHandle(manager);
  return 0;
}

int services_command(arguments *given) { return list(given, SERVICE_WIN32); }
int drivers_command(arguments *given) { return list(given, SERVICE_DRIVER); }
