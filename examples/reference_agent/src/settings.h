/* What the installer wrote to the registry, what the agent keeps there while it runs, and where its files are. */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <stdbool.h>
#include <windows.h>

enum { PIN_SIZE = 32 };

struct settings {
    wchar_t host[256];
    WORD port;
    char secret[256];
    BYTE pin[PIN_SIZE]; /* SHA-256 of the server certificate's DER */
};

/* False says why in `error` (160 bytes): a value is missing or malformed. */
bool settings_read(struct settings *settings, char *error);

/* Values under the Runtime key. Reading returns false and leaves an empty string when there is none. */
bool runtime_read(const wchar_t *name, char *value, DWORD size);
void runtime_write(const wchar_t *name, const char *value);
void runtime_remove(const wchar_t *name);

/* Reads a string value of any key below HKLM into UTF-8; false if absent or not a string. */
bool machine_string(const wchar_t *key, const wchar_t *name, char *value, DWORD size);

/* ProgramData\BVT\ReferenceAgent, then `below` if not empty, into `path` (MAX_PATH). */
void data_path(wchar_t *path, const wchar_t *below);
void make_data_directories(void);

#endif
