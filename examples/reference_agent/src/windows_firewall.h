/* Outbound traffic by the Windows Firewall, through netsh. Believes the stored policy, not netsh's exit code. */
#ifndef WINDOWS_FIREWALL_H
#define WINDOWS_FIREWALL_H

#include <stdbool.h>
#include <wchar.h>

/* Lets nothing out but connections to this address. True if the stored policy says so now. */
bool windows_firewall_block(const wchar_t *host, unsigned port);
/* Puts back what was before. True if the stored policy says so now. */
bool windows_firewall_open(void);
bool windows_firewall_blocks(void);

#endif
