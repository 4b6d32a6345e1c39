/* What uninstall calls before the files go: removes everything the agent itself has made. */
#ifndef PURGE_H
#define PURGE_H

/* The process's exit code. */
int purge(void);

#endif
