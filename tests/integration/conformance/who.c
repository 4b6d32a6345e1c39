/* Where a program finds itself, as one line: sessions of process, token and parent, the parent's image, the window station
 * and whether that one is visible (which .NET calls `UserInteractive`). With an argument as a service of that name, into
 * C:\<name>.txt; it runs until it is stopped. */
#include <stdio.h>
#include <windows.h>
#include <tlhelp32.h>

static const char *service;
static SERVICE_STATUS_HANDLE status;
static HANDLE stop;

static DWORD parent(void)
{
    PROCESSENTRY32 entry = {.dwSize = sizeof(entry)};
    HANDLE processes = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    DWORD found = 0;
    BOOL more;

    for (more = Process32First(processes, &entry); more; more = Process32Next(processes, &entry))
        if (entry.th32ProcessID == GetCurrentProcessId()) found = entry.th32ParentProcessID;
    CloseHandle(processes);
    return found;
}

static void tell(FILE *out)
{
    DWORD process = 99, token = 99, above = 99, length;
    char image[MAX_PATH] = "", station[64] = "";
    USEROBJECTFLAGS flags = {0};
    HANDLE handle;

    ProcessIdToSessionId(GetCurrentProcessId(), &process);
    OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &handle);
    GetTokenInformation(handle, TokenSessionId, &token, sizeof(token), &length);
    ProcessIdToSessionId(parent(), &above);
    length = sizeof(image);
    QueryFullProcessImageNameA(OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, parent()), 0, image, &length);
    GetUserObjectInformationA(GetProcessWindowStation(), UOI_NAME, station, sizeof(station), &length);
    GetUserObjectInformationA(GetProcessWindowStation(), UOI_FLAGS, &flags, sizeof(flags), &length);
    fprintf(out, "{\"process\": %lu, \"token\": %lu, \"parent\": %lu, \"station\": \"%s\", \"visible\": %s, \"image\": \"",
            process, token, above, station, flags.dwFlags & WSF_VISIBLE ? "true" : "false");
    for (length = 0; image[length]; length++) fprintf(out, image[length] == '\\' ? "/" : "%c", image[length]);
    fprintf(out, "\"}\n");
}

static DWORD WINAPI control(DWORD code, DWORD type, void *data, void *context)
{
    if (code == SERVICE_CONTROL_STOP) SetEvent(stop);
    return 0;
}

static void say(DWORD state)
{
    SERVICE_STATUS now = {SERVICE_WIN32_OWN_PROCESS, state, SERVICE_ACCEPT_STOP, 0, 0, 0, 0};
    SetServiceStatus(status, &now);
}

static void WINAPI serve(DWORD count, char **names)
{
    char path[MAX_PATH];
    FILE *out;

    stop = CreateEventA(NULL, TRUE, FALSE, NULL);
    status = RegisterServiceCtrlHandlerExA(service, control, NULL);
    snprintf(path, sizeof(path), "C:\\%s.txt", service);
    out = fopen(path, "w");
    tell(out);
    fclose(out);
    say(SERVICE_RUNNING);
    WaitForSingleObject(stop, INFINITE);
    say(SERVICE_STOPPED);
}

int main(int count, char **arguments)
{
    if (count == 1) {
        tell(stdout);
        return 0;
    }
    service = arguments[1];
    return !StartServiceCtrlDispatcherA((SERVICE_TABLE_ENTRYA[]){{(char *)service, serve}, {NULL, NULL}});
}
