/* Values below the watched registry keys. A key is read again only after the system has notified of a change. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#include "subtle.h"
#include "tables.h"
#include "text.h"
#include "wide.h"

enum { DEPTH_LIMIT = 8, VALUE_LIMIT = 4096, DATA_LIMIT = 4096 };

struct value {
    char *key;
    char *name;
    char *data;
    const char *type;
};

struct watch {
    char root[CONFIG_PATH_SIZE]; /* as configured, HKEY_LOCAL_MACHINE\… */
    bool recursive;
    HKEY key; /* open while the key exists */
    HANDLE changed;
    struct value *values;
    size_t count;
};

static struct watch watches[CONFIG_PATH_LIMIT];
static size_t watch_count;

static const char *type_name(DWORD type) {
    static const char *const names[] = {"REG_NONE", "REG_SZ",       "REG_EXPAND_SZ", "REG_BINARY", "REG_DWORD",
                                        "REG_DWORD_BIG_ENDIAN", "REG_LINK", "REG_MULTI_SZ"};
    return type < sizeof names / sizeof *names ? names[type] : type == REG_QWORD ? "REG_QWORD" : "REG_OTHER";
}

static char *data_text(DWORD type, const BYTE *data, DWORD size) {
    struct text text = {0};
    text_add(&text, "");
    if (type == REG_SZ || type == REG_EXPAND_SZ || type == REG_MULTI_SZ) {
        size_t count = size / sizeof(wchar_t);
        const wchar_t *wide = (const wchar_t *)data;
        while (count && !wide[count - 1]) {
            count--;
        }
        char *string = narrow_part(wide, count);
        text_add(&text, string);
        free(string);
    } else if (type == REG_DWORD && size == sizeof(DWORD)) {
        text_addf(&text, "%lu", *(const DWORD *)data);
    } else if (type == REG_QWORD && size == sizeof(ULONGLONG)) {
        text_addf(&text, "%llu", *(const ULONGLONG *)data);
    } else {
        for (DWORD i = 0; i < size; i++) {
            text_addf(&text, "%02X", data[i]);
        }
    }
    subtle_cut_value(text.data);
    return text.data;
}

static void forget_values(struct watch *watch) {
    for (size_t i = 0; i < watch->count; i++) {
        free(watch->values[i].key);
        free(watch->values[i].name);
        free(watch->values[i].data);
    }
    free(watch->values);
    watch->values = NULL;
    watch->count = 0;
}

static void read_values(struct watch *watch, HKEY key, const char *path) {
    _Alignas(8) BYTE data[DATA_LIMIT];
    wchar_t name[512];
    for (DWORD i = 0; watch->count < VALUE_LIMIT; i++) {
        DWORD name_size = 512, data_size = sizeof data, type = 0;
        LSTATUS status = RegEnumValueW(key, i, name, &name_size, NULL, &type, data, &data_size);
        if (status == ERROR_MORE_DATA) {
            data_size = 0; /* too large to report: the value is there, its data is not told */
        } else if (status != ERROR_SUCCESS) {
            return;
        }
        watch->values = reallocate(watch->values, (watch->count + 1) * sizeof *watch->values);
        watch->values[watch->count++] = (struct value){
            duplicate(path), name_size ? narrow(name) : duplicate("(Default)"), data_text(type, data, data_size),
            type_name(type)};
    }
}

static void read_key(struct watch *watch, HKEY key, const char *path, int depth) {
    read_values(watch, key, path);
    wchar_t name[256];
    for (DWORD i = 0; watch->recursive && depth < DEPTH_LIMIT; i++) {
        DWORD size = 256;
        HKEY child;
        if (RegEnumKeyExW(key, i, name, &size, NULL, NULL, NULL, NULL) != ERROR_SUCCESS) {
            return;
        }
        if (RegOpenKeyExW(key, name, 0, KEY_READ, &child) == ERROR_SUCCESS) {
            char *child_name = narrow(name);
            struct text child_path = {0};
            text_addf(&child_path, "%s\\%s", path, child_name);
            read_key(watch, child, child_path.data, depth + 1);
            text_free(&child_path);
            free(child_name);
            RegCloseKey(child);
        }
    }
}

static bool ask_for_notice(struct watch *watch) {
    DWORD changes = REG_NOTIFY_CHANGE_NAME | REG_NOTIFY_CHANGE_LAST_SET | REG_NOTIFY_THREAD_AGNOSTIC;
    return RegNotifyChangeKeyValue(watch->key, watch->recursive, changes, watch->changed, TRUE) == ERROR_SUCCESS;
}

static void close_key(struct watch *watch) {
    if (watch->key) {
        RegCloseKey(watch->key);
        watch->key = NULL;
    }
    forget_values(watch);
}

/* Asks for the next notice before reading, so that no change falls between. */
static void refresh(struct watch *watch) {
    if (watch->key && WaitForSingleObject(watch->changed, 0) != WAIT_OBJECT_0) {
        return;
    }
    close_key(watch); /* opened anew, in case the key was deleted and made again */
    wchar_t *path = widen(watch->root + strlen("HKEY_LOCAL_MACHINE\\"));
    LSTATUS status = RegOpenKeyExW(HKEY_LOCAL_MACHINE, path, 0, KEY_READ | KEY_WOW64_64KEY, &watch->key);
    free(path);
    if (status != ERROR_SUCCESS) {
        watch->key = NULL;
        return;
    }
    ResetEvent(watch->changed);
    bool notified = ask_for_notice(watch);
    read_key(watch, watch->key, watch->root, 0);
    if (!notified) {
        SetEvent(watch->changed); /* then poll */
    }
}

void registry_watch_configure(const struct config *config) {
    for (size_t i = 0; i < watch_count; i++) {
        close_key(&watches[i]);
    }
    watch_count = config->registry_count;
    for (size_t i = 0; i < watch_count; i++) {
        HANDLE changed = watches[i].changed ? watches[i].changed : CreateEventW(NULL, FALSE, FALSE, NULL);
        watches[i] = (struct watch){.recursive = config->registry[i].recursive, .changed = changed};
        strcpy(watches[i].root, config->registry[i].path);
    }
}

bool registry_table(struct sink *sink) {
    for (size_t i = 0; i < watch_count; i++) {
        refresh(&watches[i]);
        for (size_t j = 0; j < watches[i].count; j++) {
            const struct value *value = &watches[i].values[j];
            struct text path = {0};
            text_addf(&path, "%s\\%s", value->key, value->name);
            table_row(sink, (const char *[]){value->key, path.data, value->name, value->type, value->data});
            text_free(&path);
        }
    }
    return true;
}
