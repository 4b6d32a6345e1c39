/* Under the service control manager. */
#ifndef SERVICE_H
#define SERVICE_H

#include <stdbool.h>

/* Returns when the service has ended; false if this process was not started as a service. */
bool service_run(void);

/* Stop the service, from a process of its own, and start it again if `start`. */
void service_again(bool start);

#endif
