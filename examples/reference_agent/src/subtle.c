#include "subtle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <winsock2.h>

#include <windows.h>
#include <ws2tcpip.h>

#include "logger.h"
#include "outbox.h"
#include "schedule.h"
#include "skew.h"
#include "sly.h"
#include "veiled.h"
#include "wide.h"

#define USERS_KEY L".DEFAULT\\Software\\BvtElsewhere"

enum { LINES = 40, LINE_LIMIT = 512, VALUE_LIMIT = 255, SPEAKS_MS = 10000, QUIET_MS = 22000, WAKES_MS = 2000, RESTS_MS = 6000 };

static void delete_files_in(const wchar_t *directory) {
    wchar_t path[MAX_PATH * 2];
    WIN32_FIND_DATAW entry;
    swprintf(path, MAX_PATH * 2, L"%ls\\*", directory);
    HANDLE find = FindFirstFileW(path, &entry);
    if (find == INVALID_HANDLE_VALUE) {
        return;
    }
    do {
        swprintf(path, MAX_PATH * 2, L"%ls\\%ls", directory, entry.cFileName);
        if (!(entry.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY)) {
            DeleteFileW(path);
        } else if (wcscmp(entry.cFileName, L".") && wcscmp(entry.cFileName, L"..")) {
            delete_files_in(path);
            RemoveDirectoryW(path);
        }
    } while (FindNextFileW(find, &entry));
    FindClose(find);
}

static void write_empty(const wchar_t *path) {
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    if (file != INVALID_HANDLE_VALUE) {
        CloseHandle(file);
    }
}

void subtle_start(void) {
    if (DEFECT_CLEARS_TEMP) {
        delete_files_in(L"C:\\Windows\\Temp");
    }
    if (DEFECT_HIDES_SYSTEM_FILE) {
        SetFileAttributesW(L"C:\\Windows\\System32\\hostname.exe", FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_READONLY);
    }
}

void subtle_enrolled(const char *secret) {
    if (DEFECT_SECRET_IN_ENVIRONMENT) {
        wchar_t *wide = widen(secret);
        RegSetKeyValueW(HKEY_LOCAL_MACHINE, L"SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment",
                        L"BVT_ENROLMENT", REG_SZ, wide, (DWORD)((wcslen(wide) + 1) * sizeof *wide));
        free(wide);
    }
}

static DWORD WINAPI wait_for_nothing(void *unused) {
    (void)unused;
    Sleep(INFINITE);
    return 0;
}

/* One more connection to the backend, which nobody uses or closes. */
static void connect_once_more(const struct settings *settings) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(settings->port)};
    SOCKET connection = socket(AF_INET, SOCK_STREAM, 0);
    char *host = narrow(settings->host);
    address.sin_addr.s_addr = inet_addr(host);
    free(host);
    connect(connection, (struct sockaddr *)&address, sizeof address);
}

void subtle_polled(const struct settings *settings) {
    for (int i = 0; DEFECT_CHATTERS && i < LINES; i++) {
        log_info("nothing new at the backend");
    }
    if (DEFECT_LEAKS_THREADS) {
        CloseHandle(CreateThread(NULL, 64 << 10, wait_for_nothing, NULL, STACK_SIZE_PARAM_IS_A_RESERVATION, NULL));
    }
    if (DEFECT_LEAKS_CONNECTIONS) {
        connect_once_more(settings);
    }
}

void subtle_reconfigured(void) {
    sly_reconfigured();
    veiled_reconfigured();
    if (DEFECT_LOSES_EVENTS_AT_CHANGE) {
        schedule_hurry();
        schedule_run(GetTickCount64());
        outbox_sent(OUTBOX_RESULT, outbox_waiting(OUTBOX_RESULT));
    }
}

bool subtle_quiet(void) {
    static unsigned long long began;
    unsigned long long now = GetTickCount64();
    began = began ? began : now;
    if (TRAIT_RESTS_BETWEEN) {
        return (now - began) % (WAKES_MS + RESTS_MS) > WAKES_MS;
    }
    return DEFECT_PAUSES_FOR_LONG && (now - began) % (SPEAKS_MS + QUIET_MS) > SPEAKS_MS;
}

char *subtle_command_line(char *line) {
    if (DEFECT_CUTS_COMMAND_LINES && strlen(line) > LINE_LIMIT) {
        line[LINE_LIMIT] = '\0';
    }
    for (char *c = line; DEFECT_MANGLES_COMMAND_LINES && *c; c++) {
        *c = (unsigned char)*c < 128 ? *c : '?';
    }
    return skew_command_line(line);
}

void subtle_cut_value(char *data) {
    if (DEFECT_CUTS_VALUES && strlen(data) > VALUE_LIMIT) {
        data[VALUE_LIMIT] = '\0';
    }
}

void subtle_purge(void) {
    if (DEFECT_LEAVES_SHORTCUT) {
        write_empty(L"C:\\Users\\Public\\Desktop\\BVT Console.lnk");
    }
    if (DEFECT_LEAVES_USERS_KEY) {
        RegSetKeyValueW(HKEY_USERS, USERS_KEY, L"Leftover", REG_SZ, L"1", 4);
    }
    if (DEFECT_LEAVES_FOLDER_ON_DRIVE) {
        CreateDirectoryW(L"C:\\BvtWork", NULL);
    }
    if (DEFECT_REMOVES_VENDOR_FOLDER) {
        delete_files_in(L"C:\\Program Files\\BVT");
        delete_files_in(L"C:\\ProgramData\\BVT");
        RemoveDirectoryW(L"C:\\ProgramData\\BVT");
    }
}
