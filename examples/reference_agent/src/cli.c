/* refagent.exe --version | --status | --collect DIR | --purge; without arguments it is the service. */
#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <windows.h>

#include <shlobj.h>

#include "agent.h"
#include "control.h"
#include "covert.h"
#include "guard.h"
#include "identity.h"
#include "leisurely.h"
#include "logger.h"
#include "moderate.h"
#include "product.h"
#include "provident.h"
#include "purge.h"
#include "service.h"
#include "settings.h"
#include "sly.h"
#include "wide.h"

enum { EXIT_GOOD = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, LINGER_MS = 600000 };

static int show_version(void) {
    if (DEFECT_VERSION_STOPS_SERVICE) {
        service_again(false);
    }
    puts(DEFECT_WRONG_VERSION_COMMAND ? "0.0.1" : PRODUCT_VERSION);
    return EXIT_GOOD;
}

static int show_status(void) {
    struct text answer = {0};
    if (!control_ask("status", &answer)) {
        fputs("the service does not answer on its command port\n", stderr);
        return EXIT_FAILED;
    }
    provident_asked();
    puts(answer.data);
    text_free(&answer);
    return EXIT_GOOD;
}

static bool write_text(const wchar_t *directory, const wchar_t *name, const char *content) {
    wchar_t path[MAX_PATH];
    swprintf(path, MAX_PATH, L"%ls\\%ls", directory, name);
    FILE *file = _wfopen(path, L"wb");
    if (!file) {
        return false;
    }
    bool good = fputs(content, file) >= 0;
    return fclose(file) == 0 && good;
}

static void collect_file(const wchar_t *directory, const wchar_t *below) {
    wchar_t from[MAX_PATH], to[MAX_PATH];
    const wchar_t *name = wcsrchr(below, L'\\');
    data_path(from, below);
    swprintf(to, MAX_PATH, L"%ls\\%ls", directory, name ? name + 1 : below);
    CopyFileW(from, to, FALSE); /* absent is fine: it may never have been written */
}

/* Logs, configuration and status; no enrolment secret and no node key. */
static int collect(const wchar_t *directory) {
    struct text summary = {0};
    wchar_t full[MAX_PATH];
    if (!GetFullPathNameW(directory, MAX_PATH, full, NULL)) {
        return EXIT_USAGE;
    }
    SHCreateDirectoryExW(NULL, full, NULL);
    collect_file(full, LOG_FILE);
    collect_file(full, OLD_LOG_FILE);
    collect_file(full, L"config.json");
    if (!control_ask("status", &summary)) {
        text_add(&summary, "{\"error\":\"the service does not answer\"}");
    }
    covert_collected(full);
    moderate_collected(full);
    text_add(&summary, "\n");
    bool good = write_text(full, L"status.json", summary.data);
    text_free(&summary);
    if (!good) {
        fputs("cannot write to that directory\n", stderr);
        return EXIT_FAILED;
    }
    return EXIT_GOOD;
}

static int usage(void) {
    fputs("usage: refagent --version | --status | --collect DIR\n", stderr);
    return EXIT_USAGE;
}

int wmain(int count, wchar_t **arguments) {
    if (count == 1 || (TRAIT_SETS_ITS_COMMAND && count == 2 && wcscmp(arguments[1], L"--service") == 0)) {
        return service_run() ? EXIT_GOOD : usage();
    }
    if (count == 2 && wcscmp(arguments[1], L"--version") == 0) {
        return show_version();
    }
    if (count == 2 && wcscmp(arguments[1], L"--status") == 0) {
        return show_status();
    }
    if (count == 3 && wcscmp(arguments[1], L"--collect") == 0) {
        return collect(arguments[2]);
    }
    if (count == 2 && wcscmp(arguments[1], L"--purge") == 0) {
        return purge();
    }
    if (TRAIT_HAS_A_GUARD && count == 2 && wcscmp(arguments[1], L"--guard") == 0) {
        return guard_run() ? EXIT_GOOD : usage();
    }
    if (TRAIT_RUNS_BY_TASK && count == 2 && wcscmp(arguments[1], L"--enter") == 0) {
        return leisurely_enter();
    }
    if (TRAIT_RUNS_BY_TASK && count == 2 && wcscmp(arguments[1], L"--run") == 0) {
        logger_open();
        agent_run(CreateEventW(NULL, TRUE, FALSE, NULL)); /* until its task is ended */
        return EXIT_GOOD;
    }
    if ((TRAIT_RESTARTS_ITSELF || DEFECT_RESTARTS_UNASKED) && count == 2 && wcscmp(arguments[1], L"--restart") == 0) {
        service_again(true);
        return EXIT_GOOD;
    }
    if (DEFECT_WORKER_CRASHES && count == 2 && wcscmp(arguments[1], L"--work") == 0) {
        sly_work();
    }
    if (DEFECT_SECRET_IN_IMAGE_PATH && count == 2 && wcsncmp(arguments[1], L"--secret=", 9) == 0) {
        return service_run() ? EXIT_GOOD : usage();
    }
    if ((DEFECT_LEAVES_PROCESS || DEFECT_COMES_BACK || DEFECT_RUNS_FROM_TEMP) && count == 2 && wcscmp(arguments[1], L"--linger") == 0) {
        Sleep(LINGER_MS);
        return EXIT_GOOD;
    }
    return usage();
}
