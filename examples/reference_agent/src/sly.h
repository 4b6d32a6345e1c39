/* What a candidate does to the machine, to others and to itself where few look. Each of it is a defect by name. */
#ifndef SLY_H
#define SLY_H

#include <stdbool.h>
#include <wchar.h>

void sly_start(void);                          /* when the agent starts */
void sly_configured(void);                     /* once, when it is configured for the first time */
void sly_reconfigured(void);                   /* another configuration is about to be in force */
void sly_polled(void);                         /* each time that it has fetched its configuration */
void sly_enrolled(const wchar_t *node_key);
bool sly_deaf(void);                           /* what happens to files is not to be reported */
void sly_reported(const wchar_t *path);        /* a file's change is about to be reported */
void sly_work(void);                           /* as a worker of the service, which no good agent has */
void sly_purge(void);

#endif
