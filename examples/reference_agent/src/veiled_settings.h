/* Registry values that `veiled.c` sets, and puts back when the agent is uninstalled. */
#ifndef VEILED_SETTINGS_H
#define VEILED_SETTINGS_H

#include <stdbool.h>

#include <windows.h>

#define SYSTEM L"SYSTEM\\CurrentControlSet\\"
#define ENVIRONMENT SYSTEM L"Control\\Session Manager\\Environment"
#define OWN_FOLDER L"C:\\Program Files\\BVT\\ReferenceAgent"

struct setting {
    bool made;
    bool in_use; /* not before a later configuration */
    HKEY root;
    const wchar_t *key;
    const wchar_t *name;
    const wchar_t *text; /* NULL: a number */
    DWORD number;
};

extern const struct setting veiled_settings[];
extern const int veiled_settings_count;

#endif
