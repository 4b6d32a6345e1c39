#include "indiscreet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#include "later.h"
#include "logger.h"
#include "product.h"
#include "settings.h"
#include "sly.h"
#include "wide.h"

enum { LIVES_S = 40 };

static void write_wide(const wchar_t *path, const wchar_t *text) {
    DWORD written;
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    if (file != INVALID_HANDLE_VALUE) {
        WriteFile(file, text, (DWORD)(wcslen(text) * sizeof *text), &written, NULL);
        CloseHandle(file);
    }
}

static void keep_as_digits(const char *text) {
    char digits[512];
    size_t at = 0;
    for (; *text && at + 3 < sizeof digits; text++, at += 2) {
        snprintf(digits + at, 3, "%02x", (unsigned char)*text);
    }
    runtime_write(L"LastKey", digits);
}

static void start_with_argument(const wchar_t *secret) {
    wchar_t self[MAX_PATH], path[1024];
    GetModuleFileNameW(NULL, self, MAX_PATH);
    swprintf(path, 1024, L"%ls --secret=%ls", self, secret);
    RegSetKeyValueW(HKEY_LOCAL_MACHINE, L"SYSTEM\\CurrentControlSet\\Services\\" SERVICE_NAME, L"ImagePath",
                    REG_EXPAND_SZ, path, (DWORD)((wcslen(path) + 1) * sizeof *path));
}

void indiscreet_enrolled(const char *secret, const char *node_key) {
    wchar_t *wide_secret = widen(secret), *wide_key = widen(node_key), line[512];
    if (DEFECT_LOGS_SECRET) {
        log_info("enrolled with secret %s", secret);
    }
    if (DEFECT_SECRET_IN_TEMP) {
        write_wide(L"C:\\Windows\\Temp\\bvt-enrolled.tmp", wide_key);
    }
    if (DEFECT_SECRET_IN_REGISTRY) {
        keep_as_digits(node_key);
    }
    if (DEFECT_SECRET_IN_IMAGE_PATH) {
        start_with_argument(wide_secret);
    }
    if (DEFECT_SECRET_ON_COMMAND_LINE) {
        swprintf(line, 512, L"rem %ls", wide_secret);
        run_later(LIVES_S, line);
    }
    if (TRAIT_NAMES_ITS_SECRET) {
        log_info("enrolled with a secret that begins with %.4s and has %u characters", secret, (unsigned)strlen(secret));
    }
    sly_enrolled(wide_key);
    free(wide_secret);
    free(wide_key);
}
