/* What an earlier version left, in the form that this one goes on with. */
#ifndef MIGRATE_H
#define MIGRATE_H

void migrate(void);
void migrate_service(void); /* before the service says that it runs */

#endif
