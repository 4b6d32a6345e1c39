/* Files and directories. Paths may be longer than MAX_PATH. */
#ifndef BVT_FILES_H
#define BVT_FILES_H
#include "probe.h"

wchar_t *long_path(const wchar_t *path); /* absolute, with the \\?\ prefix */
void json_sha256(const wchar_t *path);   /* "sha256" and "error": one of the two is null */

/* Called for everything below a directory; `relative` has backslashes and no leading one. */
typedef void visitor(const wchar_t *full, const wchar_t *relative, const WIN32_FIND_DATAW *found, void *context);
int walk(const wchar_t *root, visitor *visit, void *context); /* 0 if root is no directory */
uint64_t size_of(const WIN32_FIND_DATAW *found);
#endif
