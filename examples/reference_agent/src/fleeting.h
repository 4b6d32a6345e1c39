/* Defects that are over before anybody looks, or that take what nobody counts. */
#ifndef FLEETING_H
#define FLEETING_H

void fleeting_start(void);
void fleeting_configured(void); /* once, with the first configuration */

#endif
