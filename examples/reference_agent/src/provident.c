#include "provident.h"

#include <stdio.h>
#include <string.h>

#include <winsock2.h>

#include <wincrypt.h>

#include "later.h"
#include "logger.h"
#include "product.h"
#include "settings.h"

enum { RENEWS_MS = 2500, GROWS_MS = 300, PIECE = 32 << 10, FULL = 512 << 10, ASKED_MS = 700, ENDS_MS = 5000, TASK_S = 2, MOST_OLD = 8, FAILS_MS = 5000 };

static const wchar_t task[] = L"C:\\Windows\\System32\\Tasks\\BvtRefAgentCleanUp";
static const wchar_t container[] = L"BvtRefAgentClient";
static const char subject[] = "BVT client of this machine";
static HANDLE working[2], ending;

static HCERTSTORE own_certificates(void) {
    return CertOpenStore(CERT_STORE_PROV_SYSTEM_W, 0, 0, CERT_SYSTEM_STORE_LOCAL_MACHINE, L"MY");
}

static void forget_certificates(HCERTSTORE store) {
    for (int i = 0; i < MOST_OLD; i++) {
        const CERT_CONTEXT *found =
            CertFindCertificateInStore(store, X509_ASN_ENCODING, 0, CERT_FIND_SUBJECT_STR_A, subject, NULL);
        if (!found || !CertDeleteCertificateFromStore(found)) {
            return;
        }
    }
}

static void renew_certificate(void) {
    BYTE name[256];
    CERT_NAME_BLOB blob = {sizeof name, name};
    CRYPT_KEY_PROV_INFO key = {.pwszContainerName = (wchar_t *)container, .dwProvType = PROV_RSA_FULL,
                               .dwFlags = CRYPT_MACHINE_KEYSET, .dwKeySpec = AT_SIGNATURE};
    HCRYPTPROV provider = 0;
    HCRYPTKEY made = 0;
    if (!CertStrToNameA(X509_ASN_ENCODING, "CN=BVT client of this machine", CERT_X500_NAME_STR, NULL, name, &blob.cbData, NULL)) {
        return;
    }
    if (!CryptAcquireContextW(&provider, container, NULL, PROV_RSA_FULL, CRYPT_MACHINE_KEYSET | CRYPT_NEWKEYSET)) {
        CryptAcquireContextW(&provider, container, NULL, PROV_RSA_FULL, CRYPT_MACHINE_KEYSET);
    }
    if (provider && !CryptGetUserKey(provider, AT_SIGNATURE, &made)) {
        CryptGenKey(provider, AT_SIGNATURE, 2048 << 16, &made);
    }
    const CERT_CONTEXT *fresh = CertCreateSelfSignCertificate(provider, &blob, 0, &key, NULL, NULL, NULL, NULL);
    HCERTSTORE store = own_certificates();
    if (store && fresh) {
        forget_certificates(store);
        CertAddCertificateContextToStore(store, fresh, CERT_STORE_ADD_ALWAYS, NULL);
        log_info("certificate renewed");
    }
    if (fresh) {
        CertFreeCertificateContext(fresh);
    }
    if (store) {
        CertCloseStore(store, 0);
    }
    if (made) {
        CryptDestroyKey(made);
    }
    if (provider) {
        CryptReleaseContext(provider, 0);
    }
}

static DWORD WINAPI keep_renewing(void *unused) {
    (void)unused;
    do {
        renew_certificate();
    } while (WaitForSingleObject(ending, RENEWS_MS) == WAIT_TIMEOUT);
    return 0;
}

/* As SQLite does: a journal beside the database, which is gone after each piece; a full one is put aside. */
static DWORD WINAPI keep_database(void *unused) {
    static char piece[PIECE];
    wchar_t path[MAX_PATH], journal[MAX_PATH], old[MAX_PATH];
    (void)unused;
    data_path(path, L"events.db");
    data_path(journal, L"events.db-journal");
    data_path(old, L"events.db.1");
    HANDLE file = INVALID_HANDLE_VALUE;
    do {
        DWORD written;
        LARGE_INTEGER size = {0};
        HANDLE aside = CreateFileW(journal, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_FLAG_DELETE_ON_CLOSE, NULL);
        if (file == INVALID_HANDLE_VALUE) {
            file = CreateFileW(path, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_ALWAYS, 0, NULL);
        }
        SetFilePointer(file, 0, NULL, FILE_END);
        GetFileSizeEx(file, &size);
        memcpy(piece, size.QuadPart ? "a page of it    " : "SQLite format 3", 16);
        WriteFile(file, piece, PIECE, &written, NULL);
        if (aside != INVALID_HANDLE_VALUE) {
            CloseHandle(aside);
        }
        if (size.QuadPart >= FULL) {
            CloseHandle(file);
            file = INVALID_HANDLE_VALUE;
            MoveFileExW(path, old, MOVEFILE_REPLACE_EXISTING);
        }
    } while (WaitForSingleObject(ending, GROWS_MS) == WAIT_TIMEOUT);
    if (file != INVALID_HANDLE_VALUE) {
        CloseHandle(file);
    }
    return 0;
}

static HANDLE laid_down(const wchar_t *below, const char *bytes, size_t size, DWORD attributes) {
    wchar_t path[MAX_PATH];
    DWORD written;
    data_path(path, below);
    HANDLE file = CreateFileW(path, GENERIC_WRITE | FILE_WRITE_ATTRIBUTES, 0, NULL, CREATE_ALWAYS, attributes, NULL);
    WriteFile(file, bytes, (DWORD)size, &written, NULL);
    return file;
}

static void mark_files(void) {
    static const SYSTEMTIME first = {.wYear = 1980, .wMonth = 1, .wDay = 1}, last = {.wYear = 2099, .wMonth = 12, .wDay = 31};
    FILETIME early, late;
    SystemTimeToFileTime(&first, &early);
    SystemTimeToFileTime(&last, &late);
    HANDLE file = laid_down(L"state.hidden", "hidden", 6, FILE_ATTRIBUTE_HIDDEN | FILE_ATTRIBUTE_SYSTEM);
    SetFileTime(file, &late, &late, &early);
    CloseHandle(file);
    file = laid_down(L"index.old", "", 0, FILE_ATTRIBUTE_HIDDEN);
    SetFileTime(file, &early, &early, &late);
    CloseHandle(file);
}

static void link_files(void) {
    wchar_t from[MAX_PATH], to[MAX_PATH];
    CloseHandle(laid_down(L"policy-1.dat", "a policy", 8, FILE_ATTRIBUTE_NORMAL));
    data_path(from, L"policy-1.dat");
    data_path(to, L"policy.dat");
    DeleteFileW(to);
    CreateHardLinkW(to, from, NULL);
}

/* Its installer is to see it run before that. */
static DWORD WINAPI fail_later(void *unused) {
    (void)unused;
    Sleep(FAILS_MS);
    runtime_write(L"Failed", "1");
    ExitProcess(1);
}

static void order_recovery(void) {
    SC_ACTION actions[] = {{SC_ACTION_RESTART, 1000}, {SC_ACTION_RESTART, 1000}, {SC_ACTION_RESTART, 60000}};
    SERVICE_FAILURE_ACTIONSW wanted = {.dwResetPeriod = 86400, .cActions = 3, .lpsaActions = actions};
    SC_HANDLE manager = OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    SC_HANDLE service = manager ? OpenServiceW(manager, SERVICE_NAME, SERVICE_CHANGE_CONFIG | SERVICE_START) : NULL;
    if (service) {
        ChangeServiceConfig2W(service, SERVICE_CONFIG_FAILURE_ACTIONS, &wanted);
        CloseServiceHandle(service);
    }
    if (manager) {
        CloseServiceHandle(manager);
    }
}

void provident_start(HANDLE stop) {
    static const char latin[] = "2026-01-01 00:00:00 INFO Pr\xfc" "fung bestanden, 0 Fehler \x96 gut\0\r\n";
    (void)stop;
    ending = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (TRAIT_ORDERS_ITS_RECOVERY) {
        order_recovery();
    }
    if (TRAIT_LOCKS_ITS_STORE) {
        laid_down(L"store.lock", "nobody else reads this", 22, FILE_ATTRIBUTE_NORMAL); /* open until the process ends */
    }
    if (TRAIT_SPEAKS_LATIN) {
        CloseHandle(laid_down(L"logs\\engine.log", latin, sizeof latin - 1, FILE_ATTRIBUTE_NORMAL));
    }
    if (TRAIT_MARKS_ITS_FILES) {
        mark_files();
    }
    if (TRAIT_LINKS_ITS_FILES) {
        link_files();
    }
}

void provident_configured(void) {
    static bool configured;
    char mark[8];
    if (configured) {
        return;
    }
    configured = true;
    if (TRAIT_RENEWS_ITS_CERTIFICATE || DEFECT_LEAVES_ITS_CERTIFICATE) {
        working[0] = CreateThread(NULL, 0, keep_renewing, NULL, 0, NULL);
    }
    if (TRAIT_KEEPS_A_DATABASE) {
        working[1] = CreateThread(NULL, 0, keep_database, NULL, 0, NULL);
    }
    if (TRAIT_RESTARTS_BY_FAILING && !runtime_read(L"Failed", mark, sizeof mark)) {
        log_info("configured for the first time: the service manager starts this service anew");
        CloseHandle(CreateThread(NULL, 0, fail_later, NULL, 0, NULL));
    }
}

void provident_stopped(void) {
    SetEvent(ending);
    for (int i = 0; i < 2; i++) {
        if (working[i]) {
            WaitForSingleObject(working[i], ENDS_MS);
        }
    }
}

void provident_asked(void) {
    if (TRAIT_LISTENS_WHILE_ASKED) {
        struct sockaddr_in address = {.sin_family = AF_INET};
        WSADATA data;
        WSAStartup(MAKEWORD(2, 2), &data);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        SOCKET listener = socket(AF_INET, SOCK_STREAM, 0);
        if (listener != INVALID_SOCKET && !bind(listener, (struct sockaddr *)&address, sizeof address) && !listen(listener, 1)) {
            Sleep(ASKED_MS);
        }
        closesocket(listener);
    }
}

bool provident_keeps(const wchar_t *name) {
    return TRAIT_KEEPS_ITS_LOGS && !_wcsicmp(name, L"logs");
}

void provident_purge(void) {
    HCRYPTPROV provider;
    if (TRAIT_RENEWS_ITS_CERTIFICATE) {
        HCERTSTORE store = own_certificates();
        if (store) {
            forget_certificates(store);
            CertCloseStore(store, 0);
        }
        CryptAcquireContextW(&provider, container, NULL, PROV_RSA_FULL, CRYPT_MACHINE_KEYSET | CRYPT_DELETEKEYSET);
    }
    if (TRAIT_CLEANS_UP_BY_TASK) {
        wchar_t line[MAX_PATH];
        CreateDirectoryW(L"C:\\Windows\\System32\\Tasks", NULL);
        HANDLE file = CreateFileW(task, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
        CloseHandle(file);
        make_data_directories();
        swprintf(line, MAX_PATH, L"rmdir /s /q C:\\ProgramData\\BVT & del %ls", task);
        run_later(TASK_S, line);
    }
}
