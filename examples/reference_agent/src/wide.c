#include "wide.h"

#include <windows.h>

#include "text.h"

char *narrow_part(const wchar_t *wide, size_t count) {
    int size = WideCharToMultiByte(CP_UTF8, 0, wide, (int)count, NULL, 0, NULL, NULL);
    char *string = allocate((size_t)size + 1);
    if (size) {
        WideCharToMultiByte(CP_UTF8, 0, wide, (int)count, string, size, NULL, NULL);
    }
    return string;
}

char *narrow(const wchar_t *wide) {
    return narrow_part(wide, wcslen(wide));
}

wchar_t *widen(const char *string) {
    int count = MultiByteToWideChar(CP_UTF8, 0, string, -1, NULL, 0);
    wchar_t *wide = allocate(((size_t)count + 1) * sizeof *wide);
    MultiByteToWideChar(CP_UTF8, 0, string, -1, wide, count);
    return wide;
}
