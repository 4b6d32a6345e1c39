/* The files in the watched directories as they are now. */
#ifndef WATCHED_H
#define WATCHED_H

#include <stdbool.h>
#include <wchar.h>

typedef void watched_file(void *context, const wchar_t *path);

/* Everything below a directory; at most some thousand entries. */
void walk_directory(const wchar_t *directory, bool recursive, watched_file *use, void *context);
/* The same for every directory that file_watch_configure was given. */
void watched_each(watched_file *use, void *context);

#endif
