#include "agent.h"

#include <stdlib.h>

#include "circumstances.h"
#include "control.h"
#include "covert.h"
#include "defective.h"
#include "furtive.h"
#include "greedy.h"
#include "leisurely.h"
#include "logger.h"
#include "migrate.h"
#include "moderate.h"
#include "outbox.h"
#include "policy.h"
#include "product.h"
#include "protocol.h"
#include "provident.h"
#include "schedule.h"
#include "sly.h"
#include "status.h"
#include "subtle.h"
#include "tables.h"
#include "troubled.h"
#include "unheeded.h"
#include "unusual.h"

enum { HOT_MS = 20, LATE_MS = 40000, FAST_FIRST_MS = 80, STEADY_MS = 250, BATCH_MS = 2000, SELDOM_MS = 8000, FEW = 5, PRESSING_MS = 60, SHUNNED_MS = 4000 };
enum { TOO_OFTEN = 20 };
enum { BACKOFF_FIRST_MS = 125, BACKOFF_LIMIT_MS = 8000, SETTINGS_RETRY_MS = 2000, SILENT_AFTER_MS = 30000 };

struct agent {
    struct protocol protocol;
    unsigned long long config_due;
    unsigned long long distributed_due;
    unsigned long long log_due;
    unsigned long long network_due; /* nothing is asked of the backend before */
    unsigned backoff_ms;
    bool silent; /* only by a defect */
};

/* Doubles up to the limit, with up to a quarter of jitter, so that a fleet does not return all at once. */
static void back_off(struct agent *agent, unsigned long long now) {
    if (!agent->backoff_ms) {
        log_warning("the backend does not answer, backing off");
    }
    unsigned next = agent->backoff_ms ? agent->backoff_ms * (TRAIT_BACKS_OFF_GENTLY ? 9 : 10) / 5 : BACKOFF_FIRST_MS;
    if (TRAIT_BACKS_OFF_FROM_FAST) {
        next = agent->backoff_ms ? agent->backoff_ms * 2 : FAST_FIRST_MS;
    }
    if (TRAIT_SHUNS_A_STRANGER && agent->protocol.mistrusted && next < SHUNNED_MS) {
        next = SHUNNED_MS;
    }
    if (DEFECT_NEVER_BACKS_OFF) {
        next = STEADY_MS;
    }
    if (DEFECT_RETRIES_HOT || (DEFECT_HOT_AT_CERTIFICATE && agent->protocol.mistrusted) ||
        (DEFECT_HOT_WHEN_DOWN && agent->protocol.unanswered) || (DEFECT_HOT_ENROLMENT && !agent->protocol.node_key[0])) {
        next = HOT_MS;
    }
    if (DEFECT_ENROLS_AT_ONE_PACE && !agent->protocol.node_key[0]) {
        next = PRESSING_MS;
    }
    agent->backoff_ms = next < BACKOFF_LIMIT_MS ? next : BACKOFF_LIMIT_MS;
    agent->network_due = now + agent->backoff_ms + (unsigned)rand() % (agent->backoff_ms / 4);
}

/* False ends this round's conversation. */
static bool judge(struct agent *agent, enum answer answer) {
    if (answer == ANSWER_GOOD) {
        if (agent->backoff_ms) {
            log_info("the backend answers again");
        }
        agent->backoff_ms = 0;
        troubled_over();
        return true;
    }
    if (answer == ANSWER_NODE_INVALID && DEFECT_KEEPS_OLD_KEY) {
        return false;
    }
    if (answer == ANSWER_NODE_INVALID) {
        log_info("the backend does not know this node, enrolling again");
        protocol_forget(&agent->protocol);
        defective_forgotten();
        return false;
    }
    if (WaitForSingleObject(agent->protocol.stop, 0) == WAIT_TIMEOUT) { /* else it was our own stop */
        unusual_troubled();
        troubled_failed(agent->protocol.node_key);
        agent->silent = agent->silent || DEFECT_GIVES_UP || (DEFECT_SILENT_AFTER_STRANGER && agent->protocol.mistrusted) ||
                        (DEFECT_SILENT_AFTER_ENROLLING && agent->protocol.mistrusted && !agent->protocol.node_key[0]);
        if (DEFECT_LOSES_EVENTS_IN_OUTAGE) {
            outbox_sent(OUTBOX_RESULT, outbox_waiting(OUTBOX_RESULT));
        }
        if (DEFECT_KEEPS_FEW && outbox_waiting(OUTBOX_RESULT) > FEW) {
            outbox_sent(OUTBOX_RESULT, outbox_waiting(OUTBOX_RESULT) - FEW);
        }
        if (DEFECT_ENROLS_AFTER_TROUBLE) {
            protocol_forget(&agent->protocol);
        }
        back_off(agent, GetTickCount64());
    }
    return false;
}

static bool fetch_config(struct agent *agent) {
    struct text body = {0};
    enum answer answer = protocol_config(&agent->protocol, &body);
    for (int i = 0; DEFECT_POLLS_HOT && answer == ANSWER_GOOD && i < TOO_OFTEN; i++) {
        answer = protocol_config(&agent->protocol, NULL);
    }
    if (answer == ANSWER_GOOD) {
        policy_offer(body.data, body.length, &agent->protocol.settings);
        agent->silent = agent->silent || DEFECT_NO_HEARTBEAT;
        unusual_configured();
        provident_configured();
        greedy_configured();
        subtle_polled(&agent->protocol.settings);
        sly_polled();
        unheeded_polled();
        furtive_polled();
    }
    text_free(&body);
    return judge(agent, answer);
}

static void talk(struct agent *agent, unsigned long long now) {
    static unsigned long long silent_at;
    if (DEFECT_FALLS_SILENT_LATER && agent->protocol.node_key[0]) {
        agent->silent = agent->silent || (silent_at && now >= silent_at);
        silent_at = silent_at ? silent_at : now + SILENT_AFTER_MS;
    }
    if (DEFECT_NEVER_CHECKS_IN || agent->silent || subtle_quiet() || now < agent->network_due) {
        return;
    }
    if (!agent->protocol.node_key[0]) {
        if (circumstances_gave_up() || covert_gave_up()) {
            return;
        }
        if (!judge(agent, protocol_enrol(&agent->protocol))) {
            circumstances_failed_to_enrol();
            return;
        }
        agent->config_due = now;
    }
    if (now >= agent->config_due) {
        if (!fetch_config(agent)) {
            return;
        }
        agent->config_due = now + leisurely_pause((unsigned)policy()->refresh_ms);
        schedule_run(GetTickCount64()); /* a new configuration's first results go out at once */
    }
    if (now >= agent->log_due && leisurely_sends(outbox_waiting(OUTBOX_RESULT), now)) {
        if (!judge(agent, protocol_log(&agent->protocol))) {
            return;
        }
        agent->log_due = DEFECT_SENDS_LATE ? now + LATE_MS : TRAIT_SENDS_IN_BATCHES ? now + BATCH_MS : TRAIT_SENDS_SELDOM ? now + SELDOM_MS : 0;
    }
    if (now >= agent->distributed_due) {
        judge(agent, protocol_distributed(&agent->protocol));
        agent->distributed_due = now + leisurely_pause((unsigned)policy()->distributed_ms);
    }
}

static DWORD until_next(const struct agent *agent, unsigned long long schedule_due) {
    unsigned long long next = agent->config_due < agent->distributed_due ? agent->config_due : agent->distributed_due;
    if (!agent->protocol.node_key[0]) {
        next = 0;
    }
    next = next < agent->network_due ? agent->network_due : next;
    next = schedule_due < next ? schedule_due : next;
    unsigned long long now = GetTickCount64();
    return next <= now + 10 ? 10 : (DWORD)(next - now);
}

static bool wait_for_settings(struct settings *settings, HANDLE stop) {
    char error[160];
    bool complained = false;
    while (!settings_read(settings, error)) {
        if (!complained) {
            log_error("cannot work without settings: %s", error);
            status_trouble(error);
            complained = true;
        }
        if (WaitForSingleObject(stop, SETTINGS_RETRY_MS) == WAIT_OBJECT_0) {
            return false;
        }
    }
    return true;
}

void agent_run(HANDLE stop) {
    struct agent agent = {0};
    struct settings settings;
    srand(GetCurrentProcessId() ^ (unsigned)GetTickCount64());
    control_start();
    log_info("agent started, version %s", PRODUCT_VERSION);
    migrate();
    leisurely_start();
    defective_start();
    troubled_start();
    unusual_start(stop);
    provident_start(stop);
    if (wait_for_settings(&settings, stop)) {
        policy_open(&settings);
        outbox_restore();
        protocol_open(&agent.protocol, &settings, stop);
        agent.silent = DEFECT_NO_HEARTBEAT && agent.protocol.node_key[0];
        DWORD pause = 0;
        while (WaitForSingleObject(stop, pause) == WAIT_TIMEOUT) {
            unsigned long long now = GetTickCount64();
            unsigned long long schedule_due = schedule_run(now);
            talk(&agent, now);
            pause = until_next(&agent, schedule_due);
            if (DEFECT_NEVER_CHECKS_IN || agent.silent || subtle_quiet()) {
                pause = 500;
            }
        }
        troubled_stopping();
        outbox_store();
        protocol_close(&agent.protocol);
    }
    file_watch_stop();
    unusual_stopped();
    provident_stopped();
    moderate_stopped();
    troubled_stopped();
    log_info("agent stopped");
    control_stop();
}
