/* open-stores: the system's certificate stores are opened, as every program does that speaks TLS. Systems fill them then. */
#include "probe.h"

typedef void *(WINAPI *open_store)(LPCSTR provider, DWORD encoding, ULONG_PTR old, DWORD flags, const void *name);
typedef BOOL(WINAPI *close_store)(void *store, DWORD flags);

#define SYSTEM_STORE ((LPCSTR)10) /* CERT_STORE_PROV_SYSTEM_W */
#define OF_USER 0x10000
#define OF_MACHINE 0x20000

int open_stores_command(arguments *given) {
  static const wchar_t *const names[] = {L"ROOT", L"CA", L"MY", L"TRUST"};
  static const DWORD places[] = {OF_USER, OF_MACHINE};
  open_store open = (open_store)(void *)optional_function(L"crypt32.dll", "CertOpenStore");
  close_store close = (close_store)(void *)optional_function(L"crypt32.dll", "CertCloseStore");
  unsigned opened = 0;
  if (given->count || !open || !close) return fail("CertOpenStore", ERROR_NOT_SUPPORTED);
  for (size_t place = 0; place < sizeof places / sizeof *places; place++)
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
      void *store = open(SYSTEM_STORE, 0, 0, places[place], names[i]);
      if (!store) continue;
      opened++;
      close(store, 0);
    }
  json_object(NULL);
  json_unsigned("opened", opened);
  json_end();
  return 0;
}
