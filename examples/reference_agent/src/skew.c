#include "skew.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { PATH_LIMIT = 100, RARE = 0xF0 };

char *skew_command_line(char *line) {
    char *to = line;
    for (const char *from = line; *from; from++) {
        if (!(DEFECT_STRIPS_QUOTES && *from == '"')) {
            *to++ = DEFECT_LOWER_CASES && isupper((unsigned char)*from) ? (char)tolower((unsigned char)*from) : *from;
        }
    }
    *to = '\0';
    return line;
}

void skew_path(char *path) {
    if (DEFECT_CUTS_PATHS && strlen(path) > PATH_LIMIT) {
        path[PATH_LIMIT] = '\0';
    }
}

const char *skew_action(const char *action) {
    if (DEFECT_TELLS_CREATION_ONLY && strcmp(action, "CREATED") != 0) {
        return NULL;
    }
    if (DEFECT_TELLS_NO_CHANGE && strcmp(action, "UPDATED") == 0) {
        return NULL;
    }
    return DEFECT_SAYS_DELETED && strcmp(action, "CREATED") == 0 ? "DELETED" : action;
}

/* A letter of four bytes begins with 11110. */
void skew_line(char *line) {
    char *to = line;
    for (const char *from = line; *from; from++) {
        if (DEFECT_MANGLES_RARE_LETTERS && ((unsigned char)*from & 0xF8) == RARE) {
            *to++ = '?';
            from += 3;
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
}

/* The number of seconds has ten digits until the year 2286. */
void skew_batch(struct text *data) {
    static const char name[] = "\"unixTime\":";
    char now[24];
    if (!DEFECT_STAMPS_AT_SENDING || !data->data) {
        return;
    }
    snprintf(now, sizeof now, "%010lld", (long long)time(NULL));
    for (char *at = data->data; (at = strstr(at, name));) {
        at += sizeof name - 1;
        memcpy(at, now, 10);
    }
}
