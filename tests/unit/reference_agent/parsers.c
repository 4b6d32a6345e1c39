/* The agent's pure parsers behind stdin, for tests and fuzzing: MODE LENGTH\nBYTES… → one line per input.
 *
 * MODE is json, query, config or like (two strings separated by NUL). Answers: "good", "bad: why", "yes", "no".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "json.h"
#include "query.h"
#include "text.h"

static void answer(const char *mode, const char *bytes, size_t length) {
    char error[CONFIG_ERROR_SIZE] = "";
    if (strcmp(mode, "json") == 0) {
        struct json *document = json_parse(bytes, length, error);
        puts(document ? "good" : "bad");
        json_free(document);
    } else if (strcmp(mode, "query") == 0) {
        struct query query;
        bool good = query_parse(bytes, &query, error);
        printf(good ? "good\n" : "bad: %s\n", error);
    } else if (strcmp(mode, "config") == 0) {
        struct config *config = config_parse(bytes, length, error);
        printf(config ? "good\n" : "bad: %s\n", error);
        free(config);
    } else {
        puts(like(bytes, bytes + strlen(bytes) + 1) ? "yes" : "no");
    }
    fflush(stdout);
}

int main(void) {
    char mode[8];
    size_t length;
    while (scanf("%7s %zu", mode, &length) == 2) {
        getchar();
        char *bytes = allocate(length + 2); /* two NULs at the end: `like` reads two strings */
        if (fread(bytes, 1, length, stdin) != length) {
            return 1;
        }
        /* An allocation of exactly this size lets the sanitizer see a read past the end. */
        char *exact = allocate(length + 1);
        memcpy(exact, bytes, length);
        answer(mode, strcmp(mode, "like") == 0 ? bytes : exact, length);
        free(bytes);
        free(exact);
    }
    return 0;
}
