/* version, boot: which system this is, and which boot of it. */
#include "native.h"
#include "probe.h"
#include "registry.h"

int version_command(arguments *given) {
  static const wchar_t current[] = L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion";
  OSVERSIONINFOEXW info = {.dwOSVersionInfoSize = sizeof info};
  SYSTEM_INFO machine;
  wchar_t computer[256];
  DWORD units = 256;
  (void)given;
  NATIVE(get_version, "RtlGetVersion")(&info);
  GetNativeSystemInfo(&machine);
  json_object(NULL);
  json_unsigned("major", info.dwMajorVersion);
  json_unsigned("minor", info.dwMinorVersion);
  json_unsigned("build", info.dwBuildNumber);
  json_text("service_pack", info.szCSDVersion);
  json_unsigned("product_type_number", info.wProductType); /* 1 workstation, 2 domain controller, 3 server */
  json_unsigned("architecture", machine.wProcessorArchitecture); /* 9 x64, 12 ARM64 */
  registry_value("product_name", HKEY_LOCAL_MACHINE, current, L"ProductName");
  registry_value("display_version", HKEY_LOCAL_MACHINE, current, L"DisplayVersion");
  registry_value("release_id", HKEY_LOCAL_MACHINE, current, L"ReleaseId");
  registry_value("edition", HKEY_LOCAL_MACHINE, current, L"EditionID");
  registry_value("current_build", HKEY_LOCAL_MACHINE, current, L"CurrentBuild");
  registry_value("revision", HKEY_LOCAL_MACHINE, current, L"UBR");
  registry_value("installation_type", HKEY_LOCAL_MACHINE, current, L"InstallationType");
  registry_value("product_type", HKEY_LOCAL_MACHINE, L"SYSTEM\\CurrentControlSet\\Control\\ProductOptions",
                 L"ProductType");
  registry_value("machine_guid", HKEY_LOCAL_MACHINE, L"SOFTWARE\\Microsoft\\Cryptography", L"MachineGuid");
  json_text("computer_name", GetComputerNameExW(ComputerNamePhysicalDnsHostname, computer, &units) ? computer : NULL);
  const char *(*wine)(void) = (void *)GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version");
  if (wine) json_ascii("wine", wine());
  else json_null("wine");
  json_end();
  return 0;
}

int boot_command(arguments *given) {
  struct {
    LARGE_INTEGER boot, current, zone_bias;
    ULONG zone_id, reserved;
    ULONGLONG boot_bias, sleep_bias;
  } times = {0};
  (void)given;
  NTSTATUS status = NATIVE(query_system_information, "NtQuerySystemInformation")(3, &times, sizeof times, NULL);
  if (status) return fail("NtQuerySystemInformation(3)", (DWORD)status);
  wchar_t identity[32];
  /* The clock moving does move BootTime; the bias takes that out again. */
  _snwprintf(identity, 32, L"%llu", (unsigned long long)times.boot.QuadPart - times.boot_bias);
  json_object(NULL);
  json_text("identity", identity);
  json_time("booted", (uint64_t)times.boot.QuadPart);
  json_time("now", now());
  json_unsigned("uptime_ms", GetTickCount64());
  json_end();
  return 0;
}
