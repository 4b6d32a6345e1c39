#include "process_info.h"

#include <stddef.h>
#include <stdlib.h>

#include <winternl.h>

#include "text.h"
#include "wide.h"

enum { PROCESS_COMMAND_LINE_INFORMATION = 60, TEXT_LIMIT = 32768 };

static bool read_memory(HANDLE process, const void *address, void *copy, size_t size) {
    SIZE_T done = 0;
    return ReadProcessMemory(process, address, copy, size, &done) && done == size;
}

/* What the process was started with, a UNICODE_STRING at `offset` of its RTL_USER_PROCESS_PARAMETERS. */
static char *from_own_memory(HANDLE process, size_t offset) {
    PROCESS_BASIC_INFORMATION basic;
    PEB peb;
    UNICODE_STRING remote;
    if (NtQueryInformationProcess(process, ProcessBasicInformation, &basic, sizeof basic, NULL) != 0 ||
        !basic.PebBaseAddress || !read_memory(process, basic.PebBaseAddress, &peb, sizeof peb) ||
        !peb.ProcessParameters ||
        !read_memory(process, (const char *)peb.ProcessParameters + offset, &remote, sizeof remote)) {
        return duplicate("");
    }
    wchar_t *local = allocate(remote.Length + sizeof *local);
    bool good = read_memory(process, remote.Buffer, local, remote.Length);
    char *result = good ? narrow_part(local, remote.Length / sizeof *local) : duplicate("");
    free(local);
    return result;
}

/* Windows 8.1 and later: needs no right to read the process's memory, so protected processes answer too. Older systems
 * and Wine: out of that memory. */
char *process_command_line(HANDLE process) {
    ULONG size = sizeof(UNICODE_STRING) + 2 * TEXT_LIMIT;
    UNICODE_STRING *answer = allocate(size);
    NTSTATUS status = NtQueryInformationProcess(process, (PROCESSINFOCLASS)PROCESS_COMMAND_LINE_INFORMATION, answer,
                                                size, NULL);
    char *line = status == 0 && answer->Buffer
                     ? narrow_part(answer->Buffer, answer->Length / sizeof(wchar_t))
                     : from_own_memory(process, offsetof(RTL_USER_PROCESS_PARAMETERS, CommandLine));
    free(answer);
    return line;
}

/* Wine keeps no name of a program on a removable medium, so there the process itself is asked. */
char *process_path(HANDLE process) {
    wchar_t path[1024];
    DWORD size = 1024;
    return QueryFullProcessImageNameW(process, 0, path, &size) && *path
               ? narrow(path)
               : from_own_memory(process, offsetof(RTL_USER_PROCESS_PARAMETERS, ImagePathName));
}
