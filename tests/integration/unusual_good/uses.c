/* A service that uses what ordinary programs use of the system: its first argument is its name, its second its data folder,
   its third, if there is one, a port on which it listens for other hosts. */
#include <winsock2.h>
#include <ws2tcpip.h>
#include <windows.h>
#include <shlobj.h>
#include <softpub.h>
#include <stdio.h>
#include <wincrypt.h>
#include <wininet.h>
#include <wintrust.h>

static SERVICE_STATUS_HANDLE handle;
static HANDLE stopping;
static wchar_t *name, *data;
static int port;

static void note(const char *what, long result) {
    wchar_t path[MAX_PATH];
    swprintf(path, MAX_PATH, L"%ls\\uses.log", data);
    FILE *log = _wfopen(path, L"a");
    if (log) {
        fprintf(log, "2026-01-01T00:00:00Z INFO %s: %ld; what weighs ERROR is told so\n", what, result);
        fclose(log);
    }
}

static void use_the_network(void) {
    WSADATA started;
    struct addrinfo *found;
    struct sockaddr_in any = {.sin_family = AF_INET}, here = {.sin_family = AF_INET, .sin_port = htons((u_short)port)};
    WSAStartup(MAKEWORD(2, 2), &started);
    note("name", getaddrinfo("no-such-host.example.invalid", "443", NULL, &found));
    SOCKET asks = socket(AF_INET, SOCK_DGRAM, 0); /* stays open, as that of who asks for the time */
    note("udp", bind(asks, (struct sockaddr *)&any, sizeof any));
    if (port) {
        SOCKET listens = socket(AF_INET, SOCK_STREAM, 0), calls = socket(AF_INET, SOCK_STREAM, 0);
        bind(listens, (struct sockaddr *)&here, sizeof here);
        note("listen", listen(listens, 5));
        here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        note("own port", connect(calls, (struct sockaddr *)&here, sizeof here));
        send(accept(listens, NULL, NULL), "x", 1, 0);
    }
}

static void use_the_internet(void) {
    HINTERNET internet = InternetOpenW(L"agent/1.0", INTERNET_OPEN_TYPE_PRECONFIG, NULL, NULL, 0);
    HINTERNET page = InternetOpenUrlW(internet, L"http://127.0.0.1:9/", NULL, 0, 0, 0);
    note("wininet", page != NULL);
    if (page) {
        InternetCloseHandle(page);
    }
    InternetCloseHandle(internet);
}

static void use_certificates_and_keys(void) {
    static const wchar_t *const stores[] = {L"ROOT", L"MY", L"CA", L"TrustedPublisher", L"Disallowed"};
    wchar_t program[MAX_PATH];
    HCRYPTPROV keys;
    for (size_t n = 0; n < sizeof stores / sizeof *stores; n++) {
        CertCloseStore(CertOpenSystemStoreW(0, stores[n]), 0);
        CertCloseStore(CertOpenStore(CERT_STORE_PROV_SYSTEM_W, 0, 0, CERT_SYSTEM_STORE_LOCAL_MACHINE, stores[n]), 0);
    }
    GetModuleFileNameW(NULL, program, MAX_PATH);
    GUID action = WINTRUST_ACTION_GENERIC_VERIFY_V2;
    WINTRUST_FILE_INFO file = {.cbStruct = sizeof file, .pcwszFilePath = program};
    WINTRUST_DATA asked = {.cbStruct = sizeof asked, .dwUIChoice = WTD_UI_NONE, .dwUnionChoice = WTD_CHOICE_FILE};
    asked.pFile = &file;
    note("signature", WinVerifyTrust(NULL, &action, &asked));
    note("keys", CryptAcquireContextW(&keys, name, NULL, PROV_RSA_FULL, CRYPT_NEWKEYSET | CRYPT_MACHINE_KEYSET));
    CryptAcquireContextW(&keys, name, NULL, PROV_RSA_FULL, CRYPT_DELETEKEYSET | CRYPT_MACHINE_KEYSET);
}

static void use_folders_and_programs(void) {
    static const int folders[] = {CSIDL_APPDATA, CSIDL_LOCAL_APPDATA, CSIDL_INTERNET_CACHE, CSIDL_COOKIES, CSIDL_HISTORY};
    wchar_t path[MAX_PATH], temporary[MAX_PATH], line[] = L"C:\\Windows\\System32\\cmd.exe /c ver";
    STARTUPINFOW how = {sizeof how};
    PROCESS_INFORMATION made;
    for (size_t n = 0; n < sizeof folders / sizeof *folders; n++) {
        SHGetFolderPathW(NULL, folders[n] | CSIDL_FLAG_CREATE, NULL, 0, path);
    }
    GetTempPathW(MAX_PATH, path);
    GetTempFileNameW(path, L"use", 0, temporary);
    note("temporary", DeleteFileW(temporary));
    note("program", CreateProcessW(NULL, line, NULL, NULL, FALSE, CREATE_NO_WINDOW, NULL, NULL, &how, &made));
    swprintf(path, MAX_PATH, L"%ls\\cache", data);
    CreateDirectoryW(path, NULL);
    wcscat(path, L"\\deep");
    CreateDirectoryW(path, NULL);
    wcscat(path, L"\\blob.bin");
    fclose(_wfopen(path, L"w"));
}

static DWORD WINAPI work(void *unused) {
    (void)unused;
    CreateDirectoryW(data, NULL);
    use_folders_and_programs();
    use_certificates_and_keys();
    use_the_internet();
    use_the_network();
    note("done", 0);
    return 0;
}

static void report(DWORD state) {
    SERVICE_STATUS status = {
        .dwServiceType = SERVICE_WIN32_OWN_PROCESS,
        .dwCurrentState = state,
        .dwControlsAccepted = state == SERVICE_RUNNING ? SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN : 0,
    };
    SetServiceStatus(handle, &status);
}

static DWORD WINAPI control(DWORD code, DWORD type, void *event, void *context) {
    (void)type, (void)event, (void)context;
    if (code == SERVICE_CONTROL_STOP || code == SERVICE_CONTROL_SHUTDOWN) {
        SetEvent(stopping);
    }
    return 0;
}

static void WINAPI run(DWORD argc, wchar_t **argv) {
    (void)argc, (void)argv;
    handle = RegisterServiceCtrlHandlerExW(name, control, NULL);
    report(SERVICE_RUNNING);
    CreateThread(NULL, 0, work, NULL, 0, NULL);
    WaitForSingleObject(stopping, INFINITE);
    report(SERVICE_STOPPED);
}

int wmain(int argc, wchar_t **argv) {
    if (argc < 3) {
        puts("uses 1.0.0");
        return 0;
    }
    name = argv[1], data = argv[2], port = argc > 3 ? _wtoi(argv[3]) : 0;
    stopping = CreateEventW(NULL, TRUE, FALSE, NULL);
    SERVICE_TABLE_ENTRYW table[] = {{name, run}, {NULL, NULL}};
    return !StartServiceCtrlDispatcherW(table);
}
