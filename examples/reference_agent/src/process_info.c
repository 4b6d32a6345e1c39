#include "process_info.h"

#include <stdlib.h>

#include <winternl.h>

#include "text.h"
#include "wide.h"

enum { PROCESS_COMMAND_LINE_INFORMATION = 60, COMMAND_LINE_LIMIT = 32768 };

static bool read_memory(HANDLE process, const void *address, void *copy, size_t size) {
    SIZE_T done = 0;
    return ReadProcessMemory(process, address, copy, size, &done) && done == size;
}

/* Older systems and Wine: through the process environment block. */
static char *command_line_from_peb(HANDLE process) {
    PROCESS_BASIC_INFORMATION basic;
    PEB peb;
    RTL_USER_PROCESS_PARAMETERS parameters;
    if (NtQueryInformationProcess(process, ProcessBasicInformation, &basic, sizeof basic, NULL) != 0 ||
        !basic.PebBaseAddress || !read_memory(process, basic.PebBaseAddress, &peb, sizeof peb) ||
        !read_memory(process, peb.ProcessParameters, &parameters, sizeof parameters)) {
        return duplicate("");
    }
    size_t bytes = parameters.CommandLine.Length;
    wchar_t *line = allocate(bytes + sizeof *line);
    bool good = bytes <= 2 * COMMAND_LINE_LIMIT && read_memory(process, parameters.CommandLine.Buffer, line, bytes);
    char *result = good ? narrow_part(line, bytes / sizeof *line) : duplicate("");
    free(line);
    return result;
}

/* Windows 8.1 and later: needs no right to read the process's memory, so protected processes answer too. */
char *process_command_line(HANDLE process) {
    ULONG size = sizeof(UNICODE_STRING) + 2 * COMMAND_LINE_LIMIT;
    UNICODE_STRING *answer = allocate(size);
    NTSTATUS status = NtQueryInformationProcess(process, (PROCESSINFOCLASS)PROCESS_COMMAND_LINE_INFORMATION, answer,
                                                size, NULL);
    char *line = status == 0 && answer->Buffer ? narrow_part(answer->Buffer, answer->Length / sizeof(wchar_t))
                                               : command_line_from_peb(process);
    free(answer);
    return line;
}

char *process_path(HANDLE process) {
    wchar_t path[1024];
    DWORD size = 1024;
    return QueryFullProcessImageNameW(process, 0, path, &size) ? narrow(path) : duplicate("");
}
