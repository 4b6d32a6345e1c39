/* What a good candidate may do, unusual as it is. Without traits all of them do nothing. */
#ifndef UNUSUAL_H
#define UNUSUAL_H

#include <windows.h>

void unusual_start(HANDLE stop); /* when the agent starts */
void unusual_stopped(void);      /* at its orderly end */
void unusual_configured(void);   /* after each configuration that it fetched */
void unusual_troubled(void);    /* its backend did not answer as it should */
void unusual_reported(const wchar_t *path); /* a file's change is about to be reported */
void unusual_purge(void);        /* at the end of --purge */

#endif
