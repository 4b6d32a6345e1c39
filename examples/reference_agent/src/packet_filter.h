/* The packet filter of the system below, where that is Wine: Linux's nftables. On Windows there is none of this kind. */
#ifndef PACKET_FILTER_H
#define PACKET_FILTER_H

#include <stdbool.h>
#include <wchar.h>

/* Whether this is Wine on a system that has the program nft. */
bool packet_filter_there(void);
/* Lets nothing out but answers, what stays on the machine, and connections to this address. True if that holds now. */
bool packet_filter_block(const wchar_t *host, unsigned port);
/* Lets everything out again. True if that holds now; without a host that is not looked at. */
bool packet_filter_open(const wchar_t *host);
/* Whether it refuses a connection to this host on a port that is nobody's. */
bool packet_filter_blocks(const wchar_t *host);

#endif
