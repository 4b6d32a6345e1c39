#include "status.h"

#include <stdio.h>
#include <time.h>

#include <windows.h>

#include "identity.h"
#include "outbox.h"
#include "product.h"
#include "settings.h"

static SRWLOCK lock = SRWLOCK_INIT;
static struct {
    bool enrolled, isolated, enforced;
    time_t last_contact;
    char trouble[200];
    char configuration[80];
} status;

void status_enrolled(bool enrolled) {
    AcquireSRWLockExclusive(&lock);
    status.enrolled = enrolled;
    ReleaseSRWLockExclusive(&lock);
}

void status_contact(void) {
    AcquireSRWLockExclusive(&lock);
    status.last_contact = time(NULL);
    status.trouble[0] = '\0';
    ReleaseSRWLockExclusive(&lock);
}

void status_trouble(const char *what) {
    AcquireSRWLockExclusive(&lock);
    snprintf(status.trouble, sizeof status.trouble, "%s", what);
    ReleaseSRWLockExclusive(&lock);
}

void status_configuration(const char *digest) {
    AcquireSRWLockExclusive(&lock);
    snprintf(status.configuration, sizeof status.configuration, "%s", digest);
    ReleaseSRWLockExclusive(&lock);
}

void status_isolation(bool engaged, bool enforced) {
    AcquireSRWLockExclusive(&lock);
    status.isolated = engaged;
    status.enforced = enforced;
    ReleaseSRWLockExclusive(&lock);
}

void status_add(struct text *text) {
    AcquireSRWLockShared(&lock);
    text_add(text, "{\"version\":");
    text_add_json(text, PRODUCT_VERSION);
    text_add(text, ",\"host_identifier\":");
    text_add_json(text, identity()->host_identifier);
    char key[512] = "";
    if (DEFECT_SAYS_ITS_KEY && runtime_read(L"NodeKey", key, sizeof key)) {
        text_add(text, ",\"node_key\":");
        text_add_json(text, key);
    }
    text_addf(text, ",\"pid\":%lu,\"enrolled\":%s,\"last_contact\":%lld,\"trouble\":", GetCurrentProcessId(),
              status.enrolled ? "true" : "false", (long long)status.last_contact);
    text_add_json(text, status.trouble);
    text_add(text, ",\"configuration_sha256\":");
    text_add_json(text, status.configuration);
    text_addf(text, ",\"isolated\":%s,\"isolation_enforced\":%s,\"waiting_results\":%d,\"lost_lines\":%ld}",
              status.isolated ? "true" : "false", status.enforced ? "true" : "false", outbox_waiting(OUTBOX_RESULT),
              outbox_lost());
    ReleaseSRWLockShared(&lock);
}
