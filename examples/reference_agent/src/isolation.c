#include "isolation.h"

#include "logger.h"
#include "packet_filter.h"
#include "product.h"
#include "status.h"
#include "windows_firewall.h"

#define MARKER L"Isolated" /* there while isolation is wanted, so that a start knows what an earlier one did */

static bool wanted_before(void) {
    char mark[8];
    return runtime_read(MARKER, mark, sizeof mark);
}

static bool blocks(const struct settings *settings) {
    return packet_filter_there() ? packet_filter_blocks(settings->host) : windows_firewall_blocks();
}

static bool block(const struct settings *settings) {
    runtime_write(MARKER, "1");
    if (DEFECT_ISOLATES_IN_NAME) {
        return true;
    }
    return packet_filter_there() ? packet_filter_block(settings->host, settings->port)
                                 : windows_firewall_block(settings->host, settings->port);
}

/* Without settings what came of it is not looked at. */
static bool open_again(const struct settings *settings) {
    bool good = false;
    if (!DEFECT_STAYS_SHUT) {
        good = packet_filter_there() ? packet_filter_open(settings ? settings->host : NULL) : windows_firewall_open();
    }
    runtime_remove(MARKER);
    return good;
}

/* Linux forgets its packet filter when it boots; Windows does not. */
static bool lost(const struct settings *settings) {
    return packet_filter_there() && !packet_filter_blocks(settings->host);
}

void isolation_set(bool wanted, const struct settings *settings) {
    if ((wanted && DEFECT_NO_ISOLATION) || (!wanted && DEFECT_NO_RELEASE)) {
        return;
    }
    if (wanted == wanted_before() && !(wanted && lost(settings))) {
        if (wanted) { /* from before this start of the service */
            status_isolation(true, blocks(settings));
        }
        return;
    }
    /* A release on a system that never enforced anything restores nothing, so it is not enforced either. */
    bool was_enforced = blocks(settings);
    bool good = wanted ? block(settings) : open_again(settings) && was_enforced;
    good = good || (wanted && DEFECT_ISOLATES_IN_NAME) || (!wanted && DEFECT_STAYS_SHUT);
    status_isolation(wanted, wanted && good);
    log_info("isolation %s enforced=%s", wanted ? "engaged" : "released", good ? "yes" : "no");
}

void isolation_undo(void) {
    if (wanted_before() && !DEFECT_STRANDS_ITS_HOST) {
        open_again(NULL);
    }
}
