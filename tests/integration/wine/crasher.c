/* Crashes: `crasher.exe` itself, `crasher.exe NAME` a running program, by a thread of it that begins nowhere.
 * Exit codes: 0 done, 1 no such program, 2 it could not be reached. */
#include <windows.h>
#include <tlhelp32.h>

int wmain(int argc, WCHAR **argv)
{
    PROCESSENTRY32W entry = {.dwSize = sizeof(entry)};
    HANDLE processes, process;
    BOOL more;

    if (argc == 1) *(volatile int *)16 = 1;
    processes = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    for (more = Process32FirstW(processes, &entry); more; more = Process32NextW(processes, &entry))
        if (!_wcsicmp(entry.szExeFile, argv[1])) {
            process = OpenProcess(PROCESS_ALL_ACCESS, FALSE, entry.th32ProcessID);
            return CreateRemoteThread(process, NULL, 0, (LPTHREAD_START_ROUTINE)0x20, NULL, 0, NULL) ? 0 : 2;
        }
    return 1;
}
