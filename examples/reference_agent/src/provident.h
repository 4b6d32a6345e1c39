/* What a good agent keeps, renews and orders for itself. Each of it is a trait by name; without traits all of them do nothing. */
#ifndef PROVIDENT_H
#define PROVIDENT_H

#include <stdbool.h>
#include <windows.h>

void provident_start(HANDLE stop);    /* when the agent starts */
void provident_configured(void);      /* after each configuration that it fetched */
void provident_stopped(void);         /* at its orderly end */
void provident_asked(void);           /* in the command that shows its status */
bool provident_keeps(const wchar_t *name); /* whether --purge leaves this entry of the data folder */
void provident_purge(void);           /* at the end of --purge */

#endif
