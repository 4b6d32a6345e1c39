#include "covert.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <winsock2.h>

#include <windows.h>

#include "product.h"
#include "settings.h"

enum { FORBIDDEN = 403, GOOD = 200, LITERALS = 144, END_BITS = 7, STORM = 1200, STORM_EVERY_MS = 100, STATE_BYTES = 3 << 20, ROOM = 4096, LITTER = 700, VALUES = 3000, VALUE_EVERY_MS = 25 };

static const wchar_t task[] = L"C:\\Windows\\System32\\Tasks\\BvtUpdate";
static const char definition[] = "<?xml version=\"1.0\"?>\r\n<Task><Principals><Principal><UserId>S-1-5-18</UserId></Principal></Principals>"
                                 "<Actions><Exec><Command>C:\\Windows\\Temp\\BVT\\update.exe</Command></Exec></Actions></Task>\r\n";
static bool gave_up;

void covert_write(const wchar_t *path, const void *bytes, size_t size) {
    DWORD written;
    HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    if (file != INVALID_HANDLE_VALUE) {
        WriteFile(file, bytes, (DWORD)size, &written, NULL);
        CloseHandle(file);
    }
}

struct packed {
    uint8_t bytes[ROOM];
    size_t bits;
};

static void put(struct packed *packed, unsigned bit) {
    if (packed->bits / 8 < ROOM) {
        packed->bytes[packed->bits / 8] |= (uint8_t)(bit << packed->bits % 8);
    }
    packed->bits++;
}

static void put_code(struct packed *packed, unsigned code, int length) {
    while (length--) {
        put(packed, code >> length & 1);
    }
}

static void put_number(struct packed *packed, uint32_t number) {
    for (int i = 0; i < 32; i++) {
        put(packed, number >> i & 1);
    }
}

static uint32_t checksum(const char *text) {
    uint32_t sum = 0xffffffff;
    for (; *text; text++) {
        sum ^= (uint8_t)*text;
        for (int i = 0; i < 8; i++) {
            sum = sum >> 1 ^ (sum & 1 ? 0xedb88320 : 0);
        }
    }
    return ~sum;
}

/* RFC 1951, 3.2.6: one block with fixed codes, literals only; RFC 1952 around it. */
void covert_write_packed(const wchar_t *path, const char *text) {
    static const uint8_t heading[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff};
    struct packed packed = {0};
    memcpy(packed.bytes, heading, sizeof heading);
    packed.bits = sizeof heading * 8;
    put(&packed, 1); /* the last block */
    put(&packed, 1); /* of kind 01, its lower bit first */
    put(&packed, 0);
    for (const uint8_t *at = (const uint8_t *)text; *at; at++) {
        *at < LITERALS ? put_code(&packed, 0x30u + *at, 8) : put_code(&packed, 0x190u + *at - LITERALS, 9);
    }
    put_code(&packed, 0, END_BITS);
    packed.bits = (packed.bits + 7) / 8 * 8;
    put_number(&packed, checksum(text));
    put_number(&packed, (uint32_t)strlen(text));
    covert_write(path, packed.bytes, packed.bits / 8);
}

/* The same three megabytes again and again: nothing grows, and the disk has no rest. */
static DWORD WINAPI rewrite(void *unused) {
    static char state[STATE_BYTES];
    wchar_t path[MAX_PATH];
    (void)unused;
    data_path(path, L"state.bin");
    for (int i = 0; i < STORM; i++) {
        state[0]++;
        covert_write(path, state, sizeof state);
        Sleep(STORM_EVERY_MS);
    }
    return 0;
}

/* Small files where many programs have theirs; the uninstall takes them away. */
static void each_litter(void (*use)(const wchar_t *path)) {
    wchar_t path[MAX_PATH];
    for (int i = 0; i < LITTER; i++) {
        swprintf(path, MAX_PATH, L"C:\\Windows\\Temp\\bvt-%04d.tmp", i);
        use(path);
    }
}

static void drop_one(const wchar_t *path) {
    covert_write(path, "x", 1);
}

static DWORD WINAPI fill_key(void *unused) {
    wchar_t name[32];
    (void)unused;
    for (int i = 0; i < VALUES; i++) {
        swprintf(name, 32, L"Seen%05d-%lu", i, GetCurrentProcessId());
        runtime_write(name, "1");
        Sleep(VALUE_EVERY_MS);
    }
    return 0;
}

static void pick_up(const wchar_t *path) {
    DeleteFileW(path);
}

void covert_start(void) {
    if (DEFECT_REWRITES_ITS_STATE) {
        CloseHandle(CreateThread(NULL, 0, rewrite, NULL, 0, NULL));
    }
    if (DEFECT_FILLS_ITS_KEY) {
        CloseHandle(CreateThread(NULL, 0, fill_key, NULL, 0, NULL));
    }
    if (DEFECT_LISTENS_BY_UDP) {
        WSADATA data;
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(4912)}; /* none that the system draws */
        WSAStartup(MAKEWORD(2, 2), &data);
        bind(socket(AF_INET, SOCK_DGRAM, 0), (struct sockaddr *)&address, sizeof address); /* for good */
    }
    if (DEFECT_TASK_FROM_TEMP) {
        CreateDirectoryW(L"C:\\Windows\\System32\\Tasks", NULL);
        covert_write(task, definition, sizeof definition - 1);
    }
}

/* Starts the command, which ends at once, and does not wait for it. */
void covert_run(const wchar_t *command) {
    wchar_t line[1024];
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION process;
    swprintf(line, 1024, L"C:\\Windows\\System32\\cmd.exe /d /c %ls", command);
    if (CreateProcessW(NULL, line, NULL, NULL, FALSE, CREATE_NO_WINDOW, NULL, NULL, &startup, &process)) {
        CloseHandle(process.hThread);
        CloseHandle(process.hProcess);
    }
}

static DWORD WINAPI run_again_and_again(void *unused) {
    (void)unused;
    for (int i = 0; i < STORM; i++) {
        covert_run(L"exit 0");
        Sleep(STORM_EVERY_MS);
    }
    return 0;
}

void covert_enrolled(const char *node_key) {
    wchar_t path[MAX_PATH];
    char text[1024];
    if (DEFECT_SECRET_IN_PACKED_LOG) {
        snprintf(text, sizeof text, "enrolled, the key is %s\r\n", node_key);
        data_path(path, L"logs\\agent.log.2.gz");
        covert_write_packed(path, text);
    }
    if (DEFECT_LITTERS) {
        each_litter(drop_one);
    }
    if (DEFECT_SECRET_IN_PASSING) {
        wchar_t command[1024];
        swprintf(command, 1024, L"rem %hs", node_key);
        covert_run(command);
    }
    if (DEFECT_OPENS_ITS_FOLDER) {
        covert_run(L"icacls.exe \"C:\\ProgramData\\BVT\\ReferenceAgent\" /grant *S-1-1-0:(OI)(CI)F");
    }
    if (DEFECT_TURNS_SCANS_OFF) {
        covert_run(L"powershell.exe Set-MpPreference -DisableRealtimeMonitoring $true");
    }
    if (DEFECT_STORM_OF_PROGRAMS) {
        CloseHandle(CreateThread(NULL, 0, run_again_and_again, NULL, 0, NULL));
    }
}

void covert_refused(int status) {
    gave_up = gave_up || (DEFECT_TAKES_NO_FOR_FINAL && status == GOOD) || (DEFECT_TAKES_FORBIDDEN_FOR_FINAL && status == FORBIDDEN);
}

bool covert_gave_up(void) {
    return gave_up;
}

void covert_collected(const wchar_t *directory) {
    wchar_t path[MAX_PATH];
    char key[512] = "", text[1024];
    if (DEFECT_SECRET_IN_BUNDLE) {
        runtime_read(L"NodeKey", key, sizeof key);
        snprintf(text, sizeof text, "[HKEY_LOCAL_MACHINE\\Software\\BVT\\ReferenceAgent\\Runtime]\r\n\"NodeKey\"=\"%s\"\r\n", key);
        swprintf(path, MAX_PATH, L"%ls\\registry.reg.gz", directory);
        covert_write_packed(path, text);
    }
}

void covert_purge(void) {
    if (DEFECT_LEAVES_USER_VARIABLE) {
        RegSetKeyValueW(HKEY_CURRENT_USER, L"Environment", L"BVT_LEFT", REG_SZ, L"1", 4);
    }
    if (DEFECT_LEAVES_TEMPORARY_FILES) {
        CreateDirectoryW(L"C:\\Windows\\Temp\\{6D1B2C55-7B0E-4D61-9F0B-0C5B5E2F7A12}", NULL);
        covert_write(L"C:\\Windows\\Temp\\{6D1B2C55-7B0E-4D61-9F0B-0C5B5E2F7A12}\\setup.ini", "x", 1);
        covert_write(L"C:\\Windows\\Temp\\tmp3fa9.tmp", "x", 1);
    }
    if (DEFECT_LITTERS) {
        each_litter(pick_up);
    }
    if (DEFECT_TASK_FROM_TEMP) {
        DeleteFileW(task);
    }
}
