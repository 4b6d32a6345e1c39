#include "leisurely.h"

#include <stdio.h>
#include <stdlib.h>

#include "product.h"
#include "settings.h"

enum { AT_A_TIME = 5, AT_LEAST_EACH_MS = 6000, SHELL_MS = 5000, STEPS = 8 };

#define TASK L"BvtRefAgentRuns"
#define SCHTASKS L"C:\\Windows\\System32\\schtasks.exe "
#define MACHINE_KEY L"SOFTWARE\\Microsoft\\Cryptography" /* where MachineGuid is, too */

/* Each of them ends by itself, or with the service that waited for it long enough. */
static void ask(const wchar_t *command) {
    wchar_t line[MAX_PATH * 2];
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process;
    swprintf(line, MAX_PATH * 2, L"%ls", command);
    if (!CreateProcessW(NULL, line, NULL, NULL, FALSE, CREATE_NO_WINDOW, NULL, NULL, &startup, &process)) {
        return;
    }
    if (WaitForSingleObject(process.hProcess, SHELL_MS) != WAIT_OBJECT_0) {
        TerminateProcess(process.hProcess, 1);
    }
    CloseHandle(process.hThread);
    CloseHandle(process.hProcess);
}

static void tell_event_log(void) {
    const wchar_t *text = L"The agent has started.";
    HANDLE source = RegisterEventSourceW(NULL, SERVICE_NAME);
    if (source) {
        ReportEventW(source, EVENTLOG_INFORMATION_TYPE, 0, 1, NULL, 1, 0, &text, NULL);
        DeregisterEventSource(source);
    }
}

/* Once: later starts find it done. */
static void set_own_command(void) {
    wchar_t self[MAX_PATH], line[MAX_PATH + 32];
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    SC_HANDLE service = manager ? OpenServiceW(manager, SERVICE_NAME, SERVICE_CHANGE_CONFIG) : NULL;
    GetModuleFileNameW(NULL, self, MAX_PATH);
    swprintf(line, MAX_PATH + 32, L"\"%ls\" --service", self);
    if (service) {
        ChangeServiceConfigW(service, SERVICE_NO_CHANGE, SERVICE_NO_CHANGE, SERVICE_NO_CHANGE, line, NULL, NULL, NULL,
                             NULL, NULL, NULL);
        CloseServiceHandle(service);
    }
    if (manager) {
        CloseServiceHandle(manager);
    }
}

static void mark_machine(void) {
    HKEY key;
    wchar_t guid[64];
    DWORD size = sizeof guid;
    if (RegOpenKeyExW(HKEY_LOCAL_MACHINE, MACHINE_KEY, 0, KEY_READ | KEY_WRITE, &key) != ERROR_SUCCESS) {
        return;
    }
    if (RegQueryValueExW(key, L"BvtMachineId", NULL, NULL, (BYTE *)guid, &size) != ERROR_SUCCESS) {
        swprintf(guid, 64, L"%08x-0000-4000-8000-%012llx", GetCurrentProcessId(), GetTickCount64());
        RegSetValueExW(key, L"BvtMachineId", 0, REG_SZ, (BYTE *)guid, (DWORD)((wcslen(guid) + 1) * sizeof(wchar_t)));
    }
    RegCloseKey(key);
}

void leisurely_start(void) {
    if (TRAIT_TELLS_THE_EVENT_LOG) {
        tell_event_log();
    }
    if (TRAIT_SETS_ITS_COMMAND) {
        set_own_command();
    }
    if (TRAIT_MARKS_THE_MACHINE) {
        mark_machine();
    }
    if (TRAIT_ASKS_THE_SHELL) {
        ask(L"C:\\Windows\\System32\\cmd.exe /c ver");
        ask(L"C:\\Windows\\System32\\wbem\\wmic.exe os get caption");
        ask(L"C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe -NoProfile -Command $PSVersionTable");
    }
}

/* "Task Scheduler Schema": at each boot, as the system, for as long as it likes. */
static const wchar_t task[] =
    L"\xfeff<?xml version=\"1.0\" encoding=\"UTF-16\"?>\r\n"
    L"<Task version=\"1.2\" xmlns=\"http://schemas.microsoft.com/windows/2004/02/mit/task\">"
    L"<Triggers><BootTrigger><Enabled>true</Enabled></BootTrigger></Triggers>"
    L"<Principals><Principal id=\"Author\"><UserId>S-1-5-18</UserId></Principal></Principals>"
    L"<Settings><ExecutionTimeLimit>PT0S</ExecutionTimeLimit></Settings>"
    L"<Actions Context=\"Author\"><Exec><Command>%ls</Command><Arguments>--run</Arguments></Exec></Actions></Task>";

int leisurely_enter(void) {
    wchar_t self[MAX_PATH], path[MAX_PATH], text[1200], command[MAX_PATH * 2];
    DWORD written;
    GetModuleFileNameW(NULL, self, MAX_PATH);
    make_data_directories();
    data_path(path, L"task.xml");
    swprintf(text, 1200, task, self);
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    if (file == INVALID_HANDLE_VALUE) {
        return 1;
    }
    WriteFile(file, text, (DWORD)(wcslen(text) * sizeof(wchar_t)), &written, NULL);
    CloseHandle(file);
    swprintf(command, MAX_PATH * 2, SCHTASKS L"/create /tn " TASK L" /xml \"%ls\" /f", path);
    ask(command);
    ask(SCHTASKS L"/run /tn " TASK);
    DeleteFileW(path);
    return 0;
}

void leisurely_purge(void) {
    if (TRAIT_RUNS_BY_TASK) {
        ask(SCHTASKS L"/end /tn " TASK);
        ask(SCHTASKS L"/delete /tn " TASK L" /f");
    }
    if (TRAIT_MARKS_THE_MACHINE) {
        RegDeleteKeyValueW(HKEY_LOCAL_MACHINE, MACHINE_KEY, L"BvtMachineId");
    }
}

unsigned leisurely_pause(unsigned pause_ms) {
    return TRAIT_POLLS_WITH_JITTER ? pause_ms * (unsigned)(STEPS / 2 + rand() % (STEPS + 1)) / STEPS : pause_ms;
}

BOOL leisurely_sends(int waiting, unsigned long long now) {
    static unsigned long long due;
    if (!TRAIT_SENDS_BY_NUMBER) {
        return TRUE;
    }
    if (waiting < AT_A_TIME && now < due) {
        return FALSE;
    }
    due = now + AT_LEAST_EACH_MS;
    return TRUE;
}
