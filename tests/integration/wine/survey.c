/* What a guest system shows of itself, asked through the Windows API: `survey.exe set`, then, in other processes and after a
 * restart, `survey.exe get`, which writes one line per capability, `NAME yes|no`. `survey.exe crash` crashes. As a service it
 * writes the name of its user into C:\survey-user.txt. Names are those of harness.model.substrate.Capability. */
#define _WIN32_WINNT 0x0601
#include <stdio.h>
#include <wchar.h>
#include <windows.h>
#include <aclapi.h>
#include <lm.h>
#include <sddl.h>

#define MARK L"S-1-5-21-1-2-3-1005"
static const WCHAR sddl[] = L"D:P(D;;GW;;;" MARK L")(A;;GA;;;BA)(A;;GA;;;SY)(A;;GA;;;WD)";
static WCHAR file_name[] = L"C:\\survey.txt", key_name[] = L"MACHINE\\Software\\Survey", service_name[] = L"Survey";
static SERVICE_STATUS_HANDLE handle;

static PSECURITY_DESCRIPTOR described(PACL *acl)
{
    PSECURITY_DESCRIPTOR descriptor = NULL;
    BOOL present, defaulted;

    ConvertStringSecurityDescriptorToSecurityDescriptorW(sddl, SDDL_REVISION_1, &descriptor, NULL);
    GetSecurityDescriptorDacl(descriptor, &present, acl, &defaulted);
    return descriptor;
}

static int marked(PSECURITY_DESCRIPTOR descriptor)
{
    WCHAR *text = NULL;
    return descriptor
           && ConvertSecurityDescriptorToStringSecurityDescriptorW(descriptor, SDDL_REVISION_1, DACL_SECURITY_INFORMATION,
                                                                   &text, NULL)
           && wcsstr(text, MARK);
}

static void protect(WCHAR *name, SE_OBJECT_TYPE type)
{
    PACL acl = NULL;
    described(&acl);
    SetNamedSecurityInfoW(name, type, DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION, NULL, NULL, acl, NULL);
}

static int is_protected(WCHAR *name, SE_OBJECT_TYPE type)
{
    PSECURITY_DESCRIPTOR descriptor = NULL;
    return !GetNamedSecurityInfoW(name, type, DACL_SECURITY_INFORMATION, NULL, NULL, NULL, NULL, &descriptor)
           && marked(descriptor);
}

static DWORD WINAPI control(DWORD code, DWORD type, void *data, void *context)
{
    SERVICE_STATUS status = {SERVICE_WIN32_OWN_PROCESS, SERVICE_STOPPED};
    (void)type, (void)data, (void)context;
    if (code == SERVICE_CONTROL_STOP) SetServiceStatus(handle, &status);
    return NO_ERROR;
}

static void WINAPI service_main(DWORD count, WCHAR **arguments)
{
    SERVICE_STATUS status = {SERVICE_WIN32_OWN_PROCESS, SERVICE_RUNNING, SERVICE_ACCEPT_STOP};
    WCHAR user[256] = L"?";
    DWORD size = 256;
    FILE *file = _wfopen(L"C:\\survey-user.txt", L"w");
    (void)count, (void)arguments;

    handle = RegisterServiceCtrlHandlerExW(service_name, control, NULL);
    GetUserNameW(user, &size);
    if (file) fwprintf(file, L"%ls", user), fclose(file);
    SetServiceStatus(handle, &status);
}

static int set(const WCHAR *self)
{
    WCHAR command[MAX_PATH + 16];
    const WCHAR *strings[] = {L"surveyed"};
    USER_INFO_1 user = {(WCHAR *)L"surveyed", (WCHAR *)L"Pass-word1", 0, USER_PRIV_USER, NULL, NULL, UF_SCRIPT, NULL};
    SC_ACTION actions[] = {{SC_ACTION_RESTART, 5000}, {SC_ACTION_NONE, 0}};
    SERVICE_FAILURE_ACTIONSW recovery = {86400, NULL, NULL, 2, actions};
    SERVICE_SID_INFO sid = {SERVICE_SID_TYPE_UNRESTRICTED};
    SERVICE_DELAYED_AUTO_START_INFO delayed = {TRUE};
    PACL acl;
    HKEY key;
    SC_HANDLE scm = OpenSCManagerW(NULL, NULL, SC_MANAGER_ALL_ACCESS), service;
    FILE *file = _wfopen(file_name, L"w");

    if (file) fclose(file);
    protect(file_name, SE_FILE_OBJECT);
    RegCreateKeyExW(HKEY_LOCAL_MACHINE, L"Software\\Survey", 0, NULL, 0, KEY_ALL_ACCESS, NULL, &key, NULL);
    RegCloseKey(key);
    protect(key_name, SE_REGISTRY_KEY);
    NetUserAdd(NULL, 1, (BYTE *)&user, NULL);
    ReportEventW(RegisterEventSourceW(NULL, L"Survey"), EVENTLOG_INFORMATION_TYPE, 0, 77, NULL, 1, 0, strings, NULL);
    swprintf(command, MAX_PATH + 16, L"\"%ls\" service", self);
    service = CreateServiceW(scm, service_name, service_name, SERVICE_ALL_ACCESS, SERVICE_WIN32_OWN_PROCESS,
                             SERVICE_AUTO_START, SERVICE_ERROR_NORMAL, command, NULL, NULL, NULL,
                             L"NT AUTHORITY\\LocalService", NULL);
    if (!service) return 1;
    ChangeServiceConfig2W(service, SERVICE_CONFIG_FAILURE_ACTIONS, &recovery);
    ChangeServiceConfig2W(service, SERVICE_CONFIG_SERVICE_SID_INFO, &sid);
    ChangeServiceConfig2W(service, SERVICE_CONFIG_DELAYED_AUTO_START_INFO, &delayed);
    SetServiceObjectSecurity(service, DACL_SECURITY_INFORMATION, described(&acl));
    StartServiceW(service, 0, NULL);
    return 0;
}

static void say(const char *capability, int shown)
{
    printf("%s %s\n", capability, shown ? "yes" : "no");
}

static int event_is_there(void)
{
    static BYTE buffer[65536];
    DWORD got, wanted;
    HANDLE log = OpenEventLogW(NULL, L"Application");

    while (log && ReadEventLogW(log, EVENTLOG_SEQUENTIAL_READ | EVENTLOG_FORWARDS_READ, 0, buffer, sizeof(buffer), &got, &wanted)
           && got) {
        EVENTLOGRECORD *record = (EVENTLOGRECORD *)buffer;
        for (; (BYTE *)record < buffer + got && record->Length; record = (EVENTLOGRECORD *)((BYTE *)record + record->Length))
            if (record->EventID == 77) return 1;
    }
    return 0;
}

static int get(void)
{
    static BYTE buffer[8192];
    WCHAR user[256] = L"";
    BYTE *info;
    DWORD size;
    FILE *file;
    SC_HANDLE service = OpenServiceW(OpenSCManagerW(NULL, NULL, SC_MANAGER_ALL_ACCESS), service_name, SERVICE_ALL_ACCESS);

    say("file-acls", is_protected(file_name, SE_FILE_OBJECT));
    say("registry-acls", is_protected(key_name, SE_REGISTRY_KEY));
    say("local-users", !NetUserGetInfo(NULL, L"surveyed", 1, &info));
    say("event-log", event_is_there());
    say("service-dacl", QueryServiceObjectSecurity(service, DACL_SECURITY_INFORMATION, (PSECURITY_DESCRIPTOR)buffer,
                                                   sizeof(buffer), &size)
                            && marked((PSECURITY_DESCRIPTOR)buffer));
    say("service-recovery",
        QueryServiceConfig2W(service, SERVICE_CONFIG_FAILURE_ACTIONS, buffer, sizeof(buffer), &size)
            && ((SERVICE_FAILURE_ACTIONSW *)buffer)->cActions == 2);
    say("service-sid", QueryServiceConfig2W(service, SERVICE_CONFIG_SERVICE_SID_INFO, buffer, sizeof(buffer), &size)
                           && ((SERVICE_SID_INFO *)buffer)->dwServiceSidType == SERVICE_SID_TYPE_UNRESTRICTED);
    say("service-delayed-start",
        QueryServiceConfig2W(service, SERVICE_CONFIG_DELAYED_AUTO_START_INFO, buffer, sizeof(buffer), &size)
            && ((SERVICE_DELAYED_AUTO_START_INFO *)buffer)->fDelayedAutostart);
    file = _wfopen(L"C:\\survey-user.txt", L"r");
    if (file) fgetws(user, 256, file), fclose(file);
    say("service-account", !_wcsicmp(user, L"LOCAL SERVICE"));
    return user[0] ? 0 : 2;
}

/* Set-up programs make their windows also where they show none. */
static int window(void)
{
    WCHAR text[8] = L"";
    HWND form = CreateWindowExW(0, L"STATIC", L"form", WS_OVERLAPPEDWINDOW, 0, 0, 200, 100, NULL, NULL, NULL, NULL);
    HWND memo = CreateWindowExW(0, L"EDIT", L"", WS_CHILD | ES_MULTILINE, 0, 0, 100, 50, form, NULL, NULL, NULL);
    if (!form || !memo || !SetWindowTextW(memo, L"lines")) return (int)GetLastError();
    GetWindowTextW(memo, text, 8);
    return wcscmp(text, L"lines") ? 1 : 0;
}

int wmain(int argc, WCHAR **argv)
{
    WCHAR self[MAX_PATH];
    SERVICE_TABLE_ENTRYW table[] = {{service_name, service_main}, {NULL, NULL}};

    GetModuleFileNameW(NULL, self, MAX_PATH);
    if (argc == 2 && !wcscmp(argv[1], L"set")) return set(self);
    if (argc == 2 && !wcscmp(argv[1], L"get")) return get();
    if (argc == 2 && !wcscmp(argv[1], L"window")) return window();
    if (argc == 2 && !wcscmp(argv[1], L"crash")) RaiseException(EXCEPTION_ACCESS_VIOLATION, EXCEPTION_NONCONTINUABLE, 0, NULL);
    if (argc == 2 && !wcscmp(argv[1], L"service")) return StartServiceCtrlDispatcherW(table) ? 0 : 3;
    return 87;
}
