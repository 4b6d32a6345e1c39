/* Defects that show only in circumstances: another code page or folder, a pending reboot, no backend, a long time. */
#ifndef CIRCUMSTANCES_H
#define CIRCUMSTANCES_H

#include <stdbool.h>
#include <windows.h>

bool circumstances_refuse(void); /* whether the service cannot work here */
void circumstances_start(HANDLE stop);
void circumstances_failed_to_enrol(void);
bool circumstances_gave_up(void);

#endif
