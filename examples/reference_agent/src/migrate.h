/* What an earlier version left, in the form that this one goes on with. */
#ifndef MIGRATE_H
#define MIGRATE_H

void migrate(void);

#endif
