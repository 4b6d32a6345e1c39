/* Under the service control manager. */
#ifndef SERVICE_H
#define SERVICE_H

#include <stdbool.h>

/* Returns when the service has ended; false if this process was not started as a service. */
bool service_run(void);

#endif
