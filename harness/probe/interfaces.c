/* use-interfaces: what ordinary programs use of the system is used once. Systems write of their own when it is: the
   certificate stores of whoever opens them, WinINet's settings and cookies, what WinVerifyTrust keeps, folders for keys. */
#include "probe.h"

#include <softpub.h>
#include <wincrypt.h>
#include <wintrust.h>

typedef void *(WINAPI *open_store)(LPCSTR provider, DWORD encoding, ULONG_PTR old, DWORD flags, const void *name);
typedef BOOL(WINAPI *close_store)(void *store, DWORD flags);
typedef void *(WINAPI *open_internet)(LPCWSTR agent, DWORD access, LPCWSTR proxy, LPCWSTR bypass, DWORD flags);
typedef void *(WINAPI *open_url)(void *internet, LPCWSTR url, LPCWSTR headers, DWORD length, DWORD flags, DWORD_PTR context);
typedef BOOL(WINAPI *close_internet)(void *handle);
typedef LONG(WINAPI *verify_trust)(HWND window, GUID *action, void *data);

#define SYSTEM_STORE ((LPCSTR)10) /* CERT_STORE_PROV_SYSTEM_W */
#define OF_USER 0x10000
#define OF_MACHINE 0x20000
#define KEYS L"BvtSham"

static unsigned open_stores(void) {
  static const wchar_t *const names[] = {L"ROOT",       L"CA",          L"MY",          L"TRUST",   L"TrustedPublisher",
                                         L"Disallowed", L"TrustedPeople", L"AddressBook", L"REQUEST", L"AuthRoot"};
  static const DWORD places[] = {OF_USER, OF_MACHINE};
  open_store open = (open_store)(void *)optional_function(L"crypt32.dll", "CertOpenStore");
  close_store close = (close_store)(void *)optional_function(L"crypt32.dll", "CertCloseStore");
  unsigned opened = 0;
  if (!open || !close) return 0;
  for (size_t place = 0; place < sizeof places / sizeof *places; place++)
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
      void *store = open(SYSTEM_STORE, 0, 0, places[place], names[i]);
      if (!store) continue;
      opened++;
      close(store, 0);
    }
  return opened;
}

/* A page of this machine, on a port where nobody listens: what is kept of it is kept all the same. */
static BOOL use_wininet(void) {
  open_internet open = (open_internet)(void *)optional_function(L"wininet.dll", "InternetOpenW");
  open_url get = (open_url)(void *)optional_function(L"wininet.dll", "InternetOpenUrlW");
  close_internet close = (close_internet)(void *)optional_function(L"wininet.dll", "InternetCloseHandle");
  void *internet = open && get && close ? open(L"bvt", 0, NULL, NULL, 0) : NULL;
  if (!internet) return FALSE;
  void *page = get(internet, L"http://127.0.0.1:9/", NULL, 0, 0, 0);
  if (page) close(page);
  close(internet);
  return TRUE;
}

static BOOL look_at_a_signature(void) {
  verify_trust verify = (verify_trust)(void *)optional_function(L"wintrust.dll", "WinVerifyTrust");
  wchar_t program[MAX_PATH];
  if (!verify || !GetModuleFileNameW(NULL, program, MAX_PATH)) return FALSE;
  GUID action = WINTRUST_ACTION_GENERIC_VERIFY_V2;
  WINTRUST_FILE_INFO file = {.cbStruct = sizeof file, .pcwszFilePath = program};
  WINTRUST_DATA data = {.cbStruct = sizeof data, .dwUIChoice = WTD_UI_NONE, .dwUnionChoice = WTD_CHOICE_FILE};
  data.pFile = &file;
  data.dwStateAction = WTD_STATEACTION_VERIFY;
  verify(NULL, &action, &data);
  data.dwStateAction = WTD_STATEACTION_CLOSE;
  verify(NULL, &action, &data);
  return TRUE;
}

static BOOL make_and_delete_keys(DWORD place) {
  HCRYPTPROV provider;
  if (!CryptAcquireContextW(&provider, KEYS, NULL, PROV_RSA_FULL, CRYPT_NEWKEYSET | place)) return FALSE;
  CryptReleaseContext(provider, 0);
  return CryptAcquireContextW(&provider, KEYS, NULL, PROV_RSA_FULL, CRYPT_DELETEKEYSET | place);
}

int use_interfaces_command(arguments *given) {
  if (given->count) return fail("use-interfaces", ERROR_INVALID_PARAMETER);
  unsigned stores = open_stores();
  BOOL wininet = use_wininet(), trust = look_at_a_signature();
  BOOL machine = make_and_delete_keys(CRYPT_MACHINE_KEYSET), user = make_and_delete_keys(0);
  json_object(NULL);
  json_unsigned("stores", stores);
  json_unsigned("others", (unsigned)(wininet + trust + machine + user));
  json_end();
  return 0;
}
