/* The few documented-by-use parts of ntdll that the headers lack. Sources: "RTL_OSVERSIONINFOEXW structure",
 * "NtQuerySystemInformation function" and "PEB structure" on Microsoft Learn. */
#ifndef BVT_NATIVE_H
#define BVT_NATIVE_H
#include <windows.h>
#include <winternl.h>

typedef NTSTATUS(WINAPI *query_system_information)(int, void *, ULONG, ULONG *);
typedef NTSTATUS(WINAPI *query_information_process)(HANDLE, int, void *, ULONG, ULONG *);
typedef NTSTATUS(WINAPI *get_version)(OSVERSIONINFOEXW *);
#define NATIVE(type, name) ((type)(void *)GetProcAddress(GetModuleHandleW(L"ntdll.dll"), name))
#endif
