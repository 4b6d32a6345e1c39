#include "policy.h"

#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "isolation.h"
#include "logger.h"
#include "product.h"
#include "schedule.h"
#include "status.h"
#include "subtle.h"
#include "tables.h"

static struct config *current;
static int changes; /* of the configuration, in this process; only for a defect */
static BYTE last_offer[DIGEST_SIZE]; /* so that an unchanged offer costs nothing and is reported once */

const struct config *policy(void) {
    return current;
}

bool policy_was_changed(void) {
    return changes > 0;
}

static void put_in_force(struct config *config, const BYTE digest[DIGEST_SIZE]) {
    char hex[2 * DIGEST_SIZE + 1];
    free(current);
    current = config;
    digest_hex(digest, hex);
    status_configuration(hex);
    subtle_reconfigured();
    file_watch_configure(config);
    registry_watch_configure(config);
    schedule_configure(config);
    log_info("configuration accepted sha256=%.12s", hex);
}

static void config_path(wchar_t *path) {
    data_path(path, L"config.json");
}

/* Under another name first: a crash in the middle must not leave half a configuration. */
static void store(const char *bytes, size_t length) {
    wchar_t path[MAX_PATH], fresh[MAX_PATH];
    DWORD written = 0;
    config_path(path);
    data_path(fresh, L"config.json.new");
    HANDLE file = CreateFileW(fresh, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    if (file == INVALID_HANDLE_VALUE) {
        return;
    }
    bool good = WriteFile(file, bytes, (DWORD)length, &written, NULL) && written == length;
    CloseHandle(file);
    if (!good || !MoveFileExW(fresh, path, MOVEFILE_REPLACE_EXISTING)) {
        log_warning("the configuration could not be stored, error %lu", GetLastError());
    }
}

void policy_open(const struct settings *settings) {
    wchar_t path[MAX_PATH];
    char error[CONFIG_ERROR_SIZE];
    DWORD count = 0;
    config_path(path);
    current = config_initial();
    HANDLE file = CreateFileW(path, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    if (file == INVALID_HANDLE_VALUE) {
        return;
    }
    char *bytes = allocate(CONFIG_SIZE_LIMIT + 1);
    ReadFile(file, bytes, CONFIG_SIZE_LIMIT, &count, NULL);
    CloseHandle(file);
    struct config *config = config_parse(bytes, count, error);
    BYTE digest[DIGEST_SIZE];
    if (config && sha256(bytes, count, digest)) {
        put_in_force(config, digest);
        isolation_set(config->isolate && !DEFECT_FORGETS_ISOLATION, settings);
    } else {
        free(config);
    }
    free(bytes);
}

void policy_offer(const char *bytes, size_t length, const struct settings *settings) {
    char error[CONFIG_ERROR_SIZE];
    BYTE digest[DIGEST_SIZE];
    static bool offered;
    if (!sha256(bytes, (DWORD)length, digest) || memcmp(digest, last_offer, DIGEST_SIZE) == 0 ||
        (DEFECT_IGNORES_CONFIG_PUSH && offered)) {
        return;
    }
    changes += offered;
    offered = true;
    memcpy(last_offer, digest, DIGEST_SIZE);
    struct config *config = config_parse(bytes, length, error);
    if (!config && (DEFECT_ACCEPTS_INVALID_CONFIG || (DEFECT_TAKES_HALF_A_CONFIGURATION && strncmp(bytes, "{\"options\"", 10) == 0))) {
        config = config_initial();
    }
    if (!config) {
        if (!DEFECT_REJECTS_SILENTLY) {
            log_warning("configuration rejected: %s", error);
        }
        return;
    }
    put_in_force(config, digest);
    if (!DEFECT_KEEPS_NO_CONFIGURATION) {
        store(bytes, length);
    }
    isolation_set(config->isolate, settings);
}
