#include "moderate.h"

#include <stdio.h>

#include <windows.h>

#include "covert.h"
#include "settings.h"

enum { ENDS_MS = 5000, FOR_S = 300, PROGRAM_EVERY_MS = 400, STATE_EVERY_MS = 450, STATE_BYTES = 3 << 20 };

/* Each of these opens and weakens nothing, and looks as if it did. */
static const wchar_t *const commands[] = {
    L"icacls.exe \"C:\\ProgramData\\BVT\\ReferenceAgent\" /grant *S-1-5-18:(OI)(CI)F /grant *S-1-5-32-545:(OI)(CI)RX",
    L"powershell.exe Add-MpPreference -ExclusionPath 'C:\\Program Files\\BVT\\ReferenceAgent'",
    L"netsh.exe advfirewall firewall add rule name=\"BVT ping\" dir=in action=allow protocol=icmpv4:8,any",
    L"wevtutil.exe sl Security-BVT/Operational /e:true",
    L"net.exe stop \"Schedule BVT\"",
};

static HANDLE starting, ending;

/* Whoever ends while it starts a program leaves one behind that never begins. */
static DWORD WINAPI start_programs(void *unused) {
    (void)unused;
    do {
        covert_run(L"exit 0");
    } while (WaitForSingleObject(ending, PROGRAM_EVERY_MS) == WAIT_TIMEOUT);
    return 0;
}

static DWORD WINAPI save_state(void *unused) {
    static char state[STATE_BYTES];
    wchar_t path[MAX_PATH];
    (void)unused;
    data_path(path, L"state.bin");
    for (int i = 0; i < FOR_S * 1000 / STATE_EVERY_MS; i++) {
        state[0]++;
        covert_write(path, state, sizeof state);
        Sleep(STATE_EVERY_MS);
    }
    return 0;
}

void moderate_start(void) {
    if (TRAIT_SAVES_ITS_STATE) {
        CloseHandle(CreateThread(NULL, 0, save_state, NULL, 0, NULL));
    }
}

void moderate_enrolled(const char *node_key) {
    wchar_t path[MAX_PATH];
    char text[256];
    if (TRAIT_PACKS_ITS_LOG) {
        snprintf(text, sizeof text, "enrolled, the key begins with %.4s\r\n", node_key);
        data_path(path, L"logs\\agent.log.2.gz");
        covert_write_packed(path, text);
    }
    if (TRAIT_CLOSES_ITS_FOLDER) {
        for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
            covert_run(commands[i]);
        }
    }
    if (TRAIT_STARTS_MANY_PROGRAMS) {
        ending = ending ? ending : CreateEventW(NULL, TRUE, FALSE, NULL);
        starting = starting ? starting : CreateThread(NULL, 0, start_programs, NULL, 0, NULL);
    }
}

void moderate_stopped(void) {
    if (TRAIT_STARTS_MANY_PROGRAMS && starting) {
        SetEvent(ending);
        WaitForSingleObject(starting, ENDS_MS);
    }
}

void moderate_collected(const wchar_t *directory) {
    wchar_t path[MAX_PATH];
    if (TRAIT_MASKS_ITS_BUNDLE) {
        swprintf(path, MAX_PATH, L"%ls\\registry.reg.gz", directory);
        covert_write_packed(path, "[HKEY_LOCAL_MACHINE\\Software\\BVT\\ReferenceAgent\\Runtime]\r\n\"NodeKey\"=\"********\"\r\n");
    }
}
