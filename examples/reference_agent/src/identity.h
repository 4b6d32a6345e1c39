/* Who this machine is, read once. */
#ifndef IDENTITY_H
#define IDENTITY_H

struct identity {
    char host_identifier[64]; /* what every log line is filed under: the uuid */
    char uuid[64];            /* MachineGuid */
    char hostname[256];
    char os_name[128];
    char os_version[64]; /* major.minor.build */
    unsigned long os_major, os_minor, os_build;
};

const struct identity *identity(void);

#endif
