#include "config.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "text.h"

__attribute__((format(gnu_printf, 2, 3))) static bool fail(char *error, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error, CONFIG_ERROR_SIZE, format, arguments);
    va_end(arguments);
    return false;
}

static bool expect(const struct json *value, enum json_kind kind, const char *what, char *error) {
    return value->kind == kind || fail(error, "%s must be %s, not %s", what, json_kind_name(kind),
                                       json_kind_name(value->kind));
}

/* How often something is asked, the backend or a table: parts of a second too. */
static bool read_pause(const struct json *value, const char *what, int *milliseconds, char *error) {
    if (!expect(value, JSON_NUMBER, what, error)) {
        return false;
    }
    if (value->number < CONFIG_PAUSE_LEAST_MS / 1000.0 || value->number > CONFIG_INTERVAL_LIMIT_S) {
        return fail(error, "%s must be a number of seconds from %g to %d", what, CONFIG_PAUSE_LEAST_MS / 1000.0,
                    CONFIG_INTERVAL_LIMIT_S);
    }
    *milliseconds = (int)(value->number * 1000);
    return true;
}

static bool read_scheduled(const char *name, const struct json *entry, struct scheduled *scheduled, char *error) {
    char what[CONFIG_NAME_SIZE + 32];
    snprintf(what, sizeof what, "schedule.%s", name);
    if (!expect(entry, JSON_OBJECT, what, error)) {
        return false;
    }
    if (!*name || strlen(name) >= CONFIG_NAME_SIZE) {
        return fail(error, "schedule: a name must have 1 to %d bytes", CONFIG_NAME_SIZE - 1);
    }
    for (size_t i = 0; i < entry->count; i++) {
        if (strcmp(entry->names[i], "query") != 0 && strcmp(entry->names[i], "interval") != 0) {
            return fail(error, "%s: unknown field %.40s", what, entry->names[i]);
        }
    }
    const char *sql = json_string(entry, "query");
    const struct json *interval = json_member(entry, "interval");
    char reason[QUERY_ERROR_SIZE];
    if (!sql || !interval) {
        return fail(error, "%s needs a string query and an interval", what);
    }
    if (!query_parse(sql, &scheduled->query, reason)) {
        return fail(error, "%s.query: %s", what, reason);
    }
    snprintf(what, sizeof what, "schedule.%s.interval", name);
    strcpy(scheduled->name, name);
    return read_pause(interval, what, &scheduled->interval_ms, error);
}

static bool read_schedule(const struct json *value, struct config *config, char *error) {
    if (!expect(value, JSON_OBJECT, "schedule", error)) {
        return false;
    }
    if (value->count > CONFIG_SCHEDULE_LIMIT) {
        return fail(error, "schedule: too many fields (%zu, the limit is %d)", value->count, CONFIG_SCHEDULE_LIMIT);
    }
    for (size_t i = 0; i < value->count; i++) {
        if (!read_scheduled(value->names[i], &value->items[i], &config->scheduled[i], error)) {
            return false;
        }
    }
    config->scheduled_count = value->count;
    return true;
}

static bool read_path(const struct json *value, const char *what, const char *category, struct watched_path *paths,
                      size_t *count, char *error) {
    if (!expect(value, JSON_STRING, what, error)) {
        return false;
    }
    if (*count == CONFIG_PATH_LIMIT) {
        return fail(error, "%s: too many paths (the limit is %d)", what, CONFIG_PATH_LIMIT);
    }
    size_t length = strlen(value->string);
    if (strlen(category) >= CONFIG_NAME_SIZE || length < 4 || length >= CONFIG_PATH_SIZE) {
        return fail(error, "%s: name or path is too short or too long", what);
    }
    struct watched_path *path = &paths[(*count)++];
    strcpy(path->category, category);
    strcpy(path->path, value->string);
    path->recursive = strcmp(path->path + length - 3, "\\%%") == 0;
    if (path->recursive) {
        path->path[length - 3] = '\0';
    } else if (strcmp(path->path + length - 2, "\\%") == 0) {
        path->path[length - 2] = '\0';
    }
    return strchr(path->path, '%') ? fail(error, "%s: %% may only end a path", what) : true;
}

static bool read_file_paths(const struct json *value, struct config *config, char *error) {
    if (!expect(value, JSON_OBJECT, "file_paths", error)) {
        return false;
    }
    for (size_t i = 0; i < value->count; i++) {
        const struct json *list = &value->items[i];
        if (!expect(list, JSON_ARRAY, "file_paths: a category", error)) {
            return false;
        }
        for (size_t j = 0; j < list->count; j++) {
            if (!read_path(&list->items[j], "file_paths", value->names[i], config->files, &config->file_count, error)) {
                return false;
            }
            const char *path = config->files[config->file_count - 1].path;
            bool drive = ((path[0] | 0x20) >= 'a' && (path[0] | 0x20) <= 'z') && path[1] == ':' && path[2] == '\\';
            if (!drive) {
                return fail(error, "file_paths: a path must start with a drive, like C:\\");
            }
        }
    }
    return true;
}

static bool read_registry_paths(const struct json *value, struct config *config, char *error) {
    if (!expect(value, JSON_ARRAY, "registry_paths", error)) {
        return false;
    }
    for (size_t i = 0; i < value->count; i++) {
        if (!read_path(&value->items[i], "registry_paths", "", config->registry, &config->registry_count, error)) {
            return false;
        }
        if (!starts_with(config->registry[i].path, "HKEY_LOCAL_MACHINE\\")) {
            return fail(error, "registry_paths: a path must start with HKEY_LOCAL_MACHINE\\");
        }
    }
    return true;
}

static bool read_options(const struct json *value, struct config *config, char *error) {
    if (!expect(value, JSON_OBJECT, "options", error)) {
        return false;
    }
    for (size_t i = 0; i < value->count; i++) {
        const char *name = value->names[i];
        int *pause = strcmp(name, "config_tls_refresh") == 0     ? &config->refresh_ms
                     : strcmp(name, "distributed_interval") == 0 ? &config->distributed_ms
                                                                 : NULL;
        if (!pause) {
            return fail(error, "options: unknown field %.40s", name);
        }
        if (!read_pause(&value->items[i], name, pause, error)) {
            return false;
        }
    }
    return true;
}

static bool read_response(const struct json *value, struct config *config, char *error) {
    if (!expect(value, JSON_OBJECT, "response", error)) {
        return false;
    }
    for (size_t i = 0; i < value->count; i++) {
        if (strcmp(value->names[i], "isolate") != 0) {
            return fail(error, "response: unknown field %.40s", value->names[i]);
        }
        if (!expect(&value->items[i], JSON_BOOLEAN, "response.isolate", error)) {
            return false;
        }
        config->isolate = value->items[i].boolean;
    }
    return true;
}

static bool read_node_invalid(const struct json *value, struct config *config, char *error) {
    (void)config;
    return expect(value, JSON_BOOLEAN, "node_invalid", error);
}

static const struct {
    const char *name;
    bool (*read)(const struct json *value, struct config *config, char *error);
} SECTIONS[] = {
    {"schedule", read_schedule},
    {"file_paths", read_file_paths},
    {"registry_paths", read_registry_paths},
    {"options", read_options},
    {"response", read_response},
    {"node_invalid", read_node_invalid},
};

static bool read_section(const char *name, const struct json *value, struct config *config, char *error) {
    for (size_t i = 0; i < sizeof SECTIONS / sizeof *SECTIONS; i++) {
        if (strcmp(SECTIONS[i].name, name) == 0) {
            return SECTIONS[i].read(value, config, error);
        }
    }
    return fail(error, "unknown field %.40s", name);
}

struct config *config_initial(void) {
    struct config *config = allocate(sizeof *config);
    config->refresh_ms = 1000;
    config->distributed_ms = 1000;
    return config;
}

struct config *config_parse(const char *bytes, size_t length, char *error) {
    if (length > CONFIG_SIZE_LIMIT) {
        fail(error, "larger than %d bytes", CONFIG_SIZE_LIMIT);
        return NULL;
    }
    struct json *document = json_parse(bytes, length, error);
    if (!document) {
        return NULL;
    }
    struct config *config = config_initial();
    bool good = expect(document, JSON_OBJECT, "the configuration", error);
    for (size_t i = 0; good && i < document->count; i++) {
        good = read_section(document->names[i], &document->items[i], config, error);
    }
    json_free(document);
    if (!good) {
        free(config);
        return NULL;
    }
    return config;
}
