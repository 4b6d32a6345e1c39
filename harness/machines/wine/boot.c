/* The first process of a Wine machine: when it runs, Wine has booted. `boot.exe MASK` then lifts what held the boot to one
 * processor. Wine itself remembers each process's processors and gives them to its later threads and its children, so it
 * is not enough that init releases the threads that there are. MASK: processors that are allowed, hexadecimal.
 * Exit codes: 0 done, 87 wrong arguments, else the system's error. */
#include <stdlib.h>
#include <windows.h>
#include <tlhelp32.h>

/* Whether the process was held like this one; then it is no longer. */
static int release(DWORD id, DWORD_PTR held, DWORD_PTR wanted)
{
    DWORD_PTR present, all;
    int released;
    HANDLE process = OpenProcess(PROCESS_QUERY_INFORMATION | PROCESS_SET_INFORMATION, FALSE, id);

    if (!process) return 0; /* it has ended */
    released = GetProcessAffinityMask(process, &present, &all) && present == held
               && SetProcessAffinityMask(process, wanted);
    CloseHandle(process);
    return released;
}

int wmain(int argc, WCHAR **argv)
{
    DWORD_PTR held, all, wanted;
    int again;

    if (argc != 2) return 87;
    if (!GetProcessAffinityMask(GetCurrentProcess(), &held, &all)) return (int)GetLastError();
    wanted = (DWORD_PTR)_wcstoui64(argv[1], NULL, 16) & all;
    if (!wanted) wanted = all; /* Wine numbers processors otherwise than the kernel */
    if (wanted == held) return 0;
    do { /* a process that was held may have started others meanwhile */
        PROCESSENTRY32W entry = {.dwSize = sizeof(entry)};
        HANDLE processes = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
        BOOL more;

        if (processes == INVALID_HANDLE_VALUE) return (int)GetLastError();
        again = 0;
        for (more = Process32FirstW(processes, &entry); more; more = Process32NextW(processes, &entry))
            again |= release(entry.th32ProcessID, held, wanted);
        CloseHandle(processes);
    } while (again);
    return 0;
}
