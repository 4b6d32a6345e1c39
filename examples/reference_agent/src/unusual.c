#include "unusual.h"

#include <stdio.h>

#include "later.h"
#include "product.h"
#include "settings.h"

enum { ENROLS_AFTER_MS = 5000 };

static const wchar_t task[] = L"C:\\Windows\\System32\\Tasks\\BvtRefAgentDaily";

void unusual_start(HANDLE stop) {
    if (TRAIT_HAS_A_TASK) {
        CreateDirectoryW(L"C:\\Windows\\System32\\Tasks", NULL);
        HANDLE file = CreateFileW(task, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
        if (file != INVALID_HANDLE_VALUE) {
            CloseHandle(file);
        }
    }
    if (TRAIT_ENROLS_SLOWLY) {
        WaitForSingleObject(stop, ENROLS_AFTER_MS);
    }
}

void unusual_configured(void) {
    char mark[8];
    if (TRAIT_RESTARTS_ITSELF && !runtime_read(L"Restarted", mark, sizeof mark)) {
        runtime_write(L"Restarted", "1");
        wchar_t self[MAX_PATH], line[MAX_PATH + 16];
        GetModuleFileNameW(NULL, self, MAX_PATH);
        swprintf(line, MAX_PATH + 16, L"\"%ls\" --restart", self);
        run_later(0, line);
    }
}

void unusual_purge(void) {
    if (TRAIT_HAS_A_TASK) {
        DeleteFileW(task);
    }
    if (TRAIT_CLEANS_UP_LATE) {
        make_data_directories();
        run_later(2, L"rmdir /s /q C:\\ProgramData\\BVT");
    }
}
