#include "defective.h"

#include <stdio.h>
#include <string.h>

#include <windows.h>

#include "covert.h"
#include "elsewhere.h"
#include "fleeting.h"
#include "furtive.h"
#include "later.h"
#include "moderate.h"
#include "product.h"
#include "run.h"
#include "settings.h"
#include "sly.h"
#include "subtle.h"
#include "surroundings.h"
#include "unheeded.h"
#include "veiled.h"

enum { CRASH_AFTER_MS = 3000, REBOOT_AFTER_MS = 400, SHUTDOWN_TAKES_MS = 10000 };

static void write_text(const wchar_t *path, const char *text) {
    DWORD written;
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    if (file != INVALID_HANDLE_VALUE) {
        WriteFile(file, text, (DWORD)strlen(text), &written, NULL);
        CloseHandle(file);
    }
}

static void write_file(const wchar_t *path) {
    write_text(path, "left behind\r\n");
}

static DWORD WINAPI crash(void *parameter) {
    Sleep(CRASH_AFTER_MS);
    *(volatile int *)parameter = 1;
    return 0;
}

/* A child of ours that outlives the service and the product. */
static void leave_process(void) {
    wchar_t path[MAX_PATH], line[MAX_PATH + 16];
    GetModuleFileNameW(NULL, path, MAX_PATH);
    swprintf(line, MAX_PATH + 16, L"\"%ls\" --linger", path);
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process;
    if (CreateProcessW(NULL, line, NULL, NULL, FALSE, CREATE_NO_WINDOW, NULL, NULL, &startup, &process)) {
        CloseHandle(process.hThread);
        CloseHandle(process.hProcess);
    }
}

/* Whoever asks for a reboot finds another one pending, which is years away (error 1190). To cancel each one that is asked
 * for would be a race against the time that Windows leaves for it. */
static DWORD WINAPI block_reboots(void *unused) {
    (void)unused;
    while (!run_system_program(L"shutdown.exe", L"/r /t 315360000")) {
        Sleep(50);
    }
    return 0;
}

/* A little later, so that the boot itself is over. */
static DWORD WINAPI reboot(void *unused) {
    (void)unused;
    Sleep(REBOOT_AFTER_MS);
    run_system_program(L"shutdown.exe", L"/r /t 0");
    return 0;
}

static void reboot_at_third_start(void) {
    char count[8];
    runtime_read(L"Starts", count, sizeof count);
    runtime_write(L"Starts", !*count ? "1" : *count == '1' ? "2" : "3");
    if (*count == '2') {
        CloseHandle(CreateThread(NULL, 0, reboot, NULL, 0, NULL));
    }
}

void defective_start(void) {
    surroundings_ruin();
    elsewhere_start();
    subtle_start();
    sly_start();
    veiled_start();
    furtive_start();
    fleeting_start();
    unheeded_start();
    covert_start();
    moderate_start();
    if (DEFECT_WRONG_IMAGE_PATH) {
        static const wchar_t program[] = L"C:\\Windows\\Temp\\refagent.exe";
        RegSetKeyValueW(HKEY_LOCAL_MACHINE, L"SYSTEM\\CurrentControlSet\\Services\\" SERVICE_NAME, L"ImagePath", REG_SZ,
                        program, sizeof program);
    }
    if (DEFECT_DROPS_SETTINGS) {
        RegDeleteTreeW(HKEY_LOCAL_MACHINE, SETTINGS_KEY L"\\Settings");
    }
    if (DEFECT_KEEPS_OLD_FILE) {
        write_file(L"C:\\Program Files\\BVT\\ReferenceAgent\\README.txt");
    }
    if (DEFECT_LEAVES_CRASH_DUMP) {
        CreateDirectoryW(L"C:\\Windows\\Minidump", NULL);
        write_file(L"C:\\Windows\\Minidump\\refagent.dmp");
    }
    if (DEFECT_LEAVES_EXTRACTED_PROGRAM) {
        write_file(L"C:\\Windows\\Temp\\extracted.exe");
    }
    if (DEFECT_REBOOTS_AGAIN) {
        reboot_at_third_start();
    }
    if (DEFECT_BLOCKS_REBOOT) {
        CloseHandle(CreateThread(NULL, 0, block_reboots, NULL, 0, NULL));
    }
    if (DEFECT_CRASHES_AFTER_INSTALL) {
        CloseHandle(CreateThread(NULL, 0, crash, NULL, 0, NULL));
    }
    if (DEFECT_LEAVES_PROCESS) {
        leave_process();
    }
    if (DEFECT_CUTS_NETWORK) {
        run_system_program(L"netsh.exe", L"advfirewall set allprofiles firewallpolicy blockinboundalways,blockoutbound");
    }
}

/* A moment at which whoever looks from outside waits for the agent and asks the machine nothing, so that no command
 * breaks and only a count of boots can tell. The agent is not to enrol again before. */
void defective_forgotten(void) {
    if (DEFECT_REBOOTS_BY_ITSELF && run_system_program(L"shutdown.exe", L"/r /t 0")) {
        Sleep(SHUTDOWN_TAKES_MS);
    }
}

static void tamper_with_sentinel_files(void) {
    WIN32_FIND_DATAW entry;
    wchar_t path[MAX_PATH * 2];
    HANDLE find = FindFirstFileW(L"C:\\bvt-sentinel\\*", &entry);
    if (find == INVALID_HANDLE_VALUE) {
        return;
    }
    do {
        swprintf(path, MAX_PATH * 2, L"C:\\bvt-sentinel\\%ls", entry.cFileName);
        DeleteFileW(path);
    } while (FindNextFileW(find, &entry));
    FindClose(find);
}

static void delete_sentinel_service(void) {
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    SC_HANDLE service = manager ? OpenServiceW(manager, L"BvtSentinel", DELETE) : NULL;
    if (service) {
        DeleteService(service);
        CloseServiceHandle(service);
    }
    if (manager) {
        CloseServiceHandle(manager);
    }
}

static void leave_entry(void) {
    static const wchar_t key[] = L"Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\BvtLeftover";
    static const wchar_t name[] = L"BVT Leftover";
    RegSetKeyValueW(HKEY_LOCAL_MACHINE, key, L"DisplayName", REG_SZ, name, sizeof name);
}

static void leave_pending_rename(void) {
    static const wchar_t path[] = L"C:\\Windows\\bvt-pending.dat";
    write_file(path);
    MoveFileExW(path, NULL, MOVEFILE_DELAY_UNTIL_REBOOT);
}

/* The next boot runs RunOnce. */
static void at_next_boot(const wchar_t *name, const wchar_t *command) {
    RegSetKeyValueW(HKEY_LOCAL_MACHINE, L"Software\\Microsoft\\Windows\\CurrentVersion\\RunOnce", name, REG_SZ, command,
                    (DWORD)((wcslen(command) + 1) * sizeof *command));
}

static void come_back(void) {
    wchar_t self[MAX_PATH];
    GetModuleFileNameW(NULL, self, MAX_PATH);
    CopyFileW(self, L"C:\\Windows\\Temp\\bvt-back.exe", FALSE);
    write_text(L"C:\\Windows\\Temp\\bvt-back.cmd",
               "set AGENT=C:\\Program Files\\BVT\\ReferenceAgent\r\n"
               "md \"%AGENT%\"\r\n"
               "copy C:\\Windows\\Temp\\bvt-back.exe \"%AGENT%\\refagent.exe\"\r\n"
               "reg add HKLM\\Software\\BVT\\ReferenceAgent /f\r\n"
               "sc create BvtRefAgent binPath= \"%AGENT%\\refagent.exe\"\r\n"
               "del C:\\ProgramData\\bvt-sentinel.txt\r\n"
               "start \"\" \"%AGENT%\\refagent.exe\" --linger\r\n");
    at_next_boot(L"BvtBack", L"cmd.exe /c C:\\Windows\\Temp\\bvt-back.cmd");
}

int defective_purge(void) {
    if (DEFECT_UNINSTALL_HANGS) {
        Sleep(INFINITE);
    }
    if (DEFECT_WRITES_LOG_LATE) {
        run_later(20, L"md C:\\ProgramData\\BVT\\ReferenceAgent & echo late >C:\\ProgramData\\BVT\\ReferenceAgent\\late.log");
    }
    if (DEFECT_COMES_BACK) {
        come_back();
    }
    if (DEFECT_REBOOTS_WHEN_GONE) {
        /* Asked for again and again, because what starts Wine aborts a shutdown that comes before it is up. */
        at_next_boot(L"BvtReboot", L"cmd.exe /c start /b cmd.exe /c for /l %i in (1,0,2) do shutdown.exe /r /t 0");
    }
    if (DEFECT_LEAVES_ENTRY) {
        leave_entry();
    }
    if (DEFECT_LEAVES_PENDING_RENAME) {
        leave_pending_rename();
    }
    if (DEFECT_TAMPERS_SENTINEL_SERVICE) {
        delete_sentinel_service();
    }
    if (DEFECT_LEAVES_FOLDER) {
        CreateDirectoryW(L"C:\\Program Files\\BVT\\Cache", NULL);
    }
    if (DEFECT_LEAVES_FILE) {
        wchar_t path[MAX_PATH];
        make_data_directories();
        data_path(path, L"leftover.dat");
        write_file(path);
    }
    if (DEFECT_LEAVES_REGISTRY) {
        RegSetKeyValueW(HKEY_LOCAL_MACHINE, SETTINGS_KEY, L"Leftover", REG_SZ, L"1", 4);
    }
    if (DEFECT_CANNOT_COME_AGAIN) {
        RegSetKeyValueW(HKEY_LOCAL_MACHINE, L"Software\\BvtElsewhere", L"Gone", REG_SZ, L"1", 4);
    }
    if (DEFECT_LEAVES_SHARED_REGISTRY) {
        RegSetKeyValueW(HKEY_LOCAL_MACHINE, L"Software\\BvtElsewhere", L"Leftover", REG_SZ, L"1", 4);
        RegSetKeyValueW(HKEY_LOCAL_MACHINE, L"Software\\Microsoft\\Windows\\CurrentVersion\\Run", L"BvtAutostart",
                        REG_SZ, L"1", 4);
    }
    if (DEFECT_LEAVES_VARIABLE) {
        surroundings_leave();
    }
    if (DEFECT_LEAVES_TASK) {
        CreateDirectoryW(L"C:\\Windows\\System32\\Tasks", NULL);
        write_file(L"C:\\Windows\\System32\\Tasks\\BvtRefAgentLeftover");
    }
    if (DEFECT_TAMPERS_SENTINEL) {
        tamper_with_sentinel_files();
    }
    elsewhere_purge();
    subtle_purge();
    sly_purge();
    veiled_purge();
    furtive_purge();
    covert_purge();
    unheeded_purge();
    return DEFECT_UNINSTALL_FAILS ? 1 : 0;
}
