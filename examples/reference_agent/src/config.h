/* The agent's configuration: read and validated as a whole before any of it takes effect. Pure. */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "query.h"

enum {
    CONFIG_SCHEDULE_LIMIT = 64,
    CONFIG_PATH_LIMIT = 16,
    CONFIG_PATH_SIZE = 260,
    CONFIG_NAME_SIZE = 64,
    CONFIG_SIZE_LIMIT = 256 * 1024,
    CONFIG_INTERVAL_LIMIT_S = 86400,
    CONFIG_PAUSE_LEAST_MS = 100,
    CONFIG_ERROR_SIZE = 256,
};

struct scheduled {
    char name[CONFIG_NAME_SIZE];
    int interval_ms;
    struct query query;
};

struct watched_path {
    char category[CONFIG_NAME_SIZE]; /* empty for registry paths */
    char path[CONFIG_PATH_SIZE];     /* without a trailing \%% */
    bool recursive;                  /* written as path\%% */
};

struct config {
    int refresh_ms; /* between two requests for the configuration */
    int distributed_ms; /* between two requests for live queries */
    size_t scheduled_count;
    struct scheduled scheduled[CONFIG_SCHEDULE_LIMIT];
    size_t file_count;
    struct watched_path files[CONFIG_PATH_LIMIT];
    size_t registry_count;
    struct watched_path registry[CONFIG_PATH_LIMIT];
    bool isolate;
};

/* Returns NULL and says why in `error` (CONFIG_ERROR_SIZE bytes). Free with free(). A member `node_invalid`, which
 * belongs to the protocol, is accepted and left to the caller. */
struct config *config_parse(const char *bytes, size_t length, char *error);
/* What is in force before the first configuration has come. */
struct config *config_initial(void);

#endif
