/* Between the agent's UTF-8 and Windows' UTF-16. */
#ifndef WIDE_H
#define WIDE_H

#include <stddef.h>
#include <wchar.h>

/* Both return memory for the caller to free; what does not convert becomes the replacement character. */
char *narrow(const wchar_t *wide);
wchar_t *widen(const char *string);
/* For a string that may lack its terminator, as registry data does. */
char *narrow_part(const wchar_t *wide, size_t count);

#endif
