/* What only shows while the backend fails, or by how much happens. By defects, and one trait. */
#ifndef TROUBLED_H
#define TROUBLED_H

#include <stdbool.h>

#include "text.h"

void troubled_start(void);
void troubled_failed(const char *node_key); /* a request failed */
void troubled_over(void);                   /* one was served again */
void troubled_stopping(void);               /* told to stop */
void troubled_stopped(void);
bool troubled_tells_again(void); /* whether what is there is taken for new */
void troubled_event(void);    /* something was noticed that is to be reported */
void troubled_answered(void); /* a live query was answered */
void troubled_batch(struct text *lines); /* what is about to be sent */

#endif
