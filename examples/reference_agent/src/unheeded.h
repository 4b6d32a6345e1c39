/* Defects that leave to others what their own product should see to: dead references, doors, what grows elsewhere. */
#ifndef UNHEEDED_H
#define UNHEEDED_H

void unheeded_polled(void);
void unheeded_start(void);
void unheeded_purge(void);

#endif
