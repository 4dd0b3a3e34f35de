/* clients.c -- who starts runs, and who cancels, pauses and resumes them: through any host. */
#include "hosts_world.h"

#include "engine/control/control.h"

#include <string.h>

#define AGAIN_NS (2 * WORLD_S)
#define LAST_RESUME_NS (FAULTS_NS + 20 * WORLD_S)

/* ---- answers ---- */

static void is_admitted(struct hosts_world *w, const struct wish_of *wish, const char *run_id)
{
    struct sim_run *run = &w->runs[wish->run];

    run->admitted = true;
    if (run->run_id[0] != '\0' && strcmp(run->run_id, run_id) != 0)
        world_wrong(w, "a second run of one start was told of");
    world_fact(w, (struct history_fact){.kind = FACT_ADMITTED,
                                        .run = wish->run,
                                        .hash = history_text(run->token)});
}

static void is_cancelled(struct hosts_world *w, const struct wish_of *wish)
{
    const struct sim_run *run = &w->runs[wish->run];

    if (run->owner != (int)wish->host)
        world_count(w, FAULT_ORDERS);
    world_fact(w, (struct history_fact){.kind = FACT_CANCELLED, .run = wish->run});
}

/* A host that is killed answers nobody. */
static void answered(void *arg, const struct api_outcome *outcome)
{
    struct wish_of *wish = arg;
    struct hosts_world *w = wish->world;
    struct sim_host *h = &w->hosts[wish->host];

    if (h->dying || h->life != wish->life)
        return;
    if (wish->told)
        world_wrong(w, "a client was answered twice");
    wish->told = true;
    if (outcome->e != NULL)
        return;
    if (wish->kind == WISH_START_RUN)
        is_admitted(w, wish, outcome->run_id);
    if (wish->kind == WISH_CANCEL_RUN)
        is_cancelled(w, wish);
}

/* ---- requests ---- */

void clients_wish(struct sim_host *h, struct wish_of *wish)
{
    struct hosts_world *w = h->world;
    struct sim_run *run = &w->runs[wish->run];
    struct control *ctl = engine_control(h->rig.engine);
    char dag_id[16];

    snprintf(dag_id, sizeof dag_id, "dag-%u", run->dag);
    switch (wish->kind) {
    case WISH_START_RUN:
        control_start(ctl, &rig_actor,
                      &(struct api_run_start){.dag_id = dag_id,
                                              .inputs = run->view.w.input,
                                              .run_token = run->token,
                                              .checkpoint_enabled = w->seed % 5 != 0,
                                              .deterministic_mode = run->view.w.deterministic},
                      answered, wish);
        break;
    case WISH_CANCEL_RUN:
        control_cancel(ctl, &rig_actor, run->run_id, answered, wish);
        break;
    case WISH_PAUSE_RUN:
    case WISH_UNPAUSE_RUN:
        control_pause(ctl, &rig_actor, run->run_id, wish->kind == WISH_PAUSE_RUN, answered, wish);
        break;
    case WISH_RESUME_RUN:
        control_resume(ctl, &rig_actor, run->run_id, answered, wish);
        break;
    }
}

/* A host that lives, though it may be frozen, cut off or fenced; NULL: none does. */
static struct sim_host *any_host(struct hosts_world *w)
{
    unsigned first = (unsigned)rng_below(&w->rng, w->host_count);

    for (unsigned i = 0; i < w->host_count; i++) {
        struct sim_host *h = &w->hosts[(first + i) % w->host_count];

        if (h->up)
            return h;
    }
    return NULL;
}

static void ask(struct hosts_world *w, enum wish_kind kind, unsigned run)
{
    struct sim_host *h = any_host(w);
    struct wish_of *wish = &w->wishes[w->wish_count];

    if (h == NULL || w->wish_count == WISHES_MAX)
        return;
    *wish =
        (struct wish_of){.world = w, .kind = kind, .run = run, .host = h->number, .life = h->life};
    world_at(w, &(struct event){.at_ns = w->now_ns + world_below(w, 20 * WORLD_MS),
                                .kind = EVENT_WISH,
                                .host = h->number,
                                .life = h->life,
                                .id = w->wish_count++});
}

/* ---- starts ---- */

static void start(struct hosts_world *w, unsigned run, bool again)
{
    if (w->runs[run].admitted)
        return;
    if (again)
        world_count(w, FAULT_RETRIES);
    ask(w, WISH_START_RUN, run);
    world_at(w, &(struct event){.at_ns = w->now_ns + AGAIN_NS,
                                .kind = EVENT_START,
                                .id = run | UINT64_C(1) << 32});
}

/* ---- operators ---- */

static bool may_be_resumed(const struct hosts_world *w, const struct sim_run *run)
{
    enum run_state state = run->view.w.facts.state;

    return run->ended && run->resumes < 1 && w->now_ns < LAST_RESUME_NS &&
           (state == RUN_FAILED || state == RUN_CANCELLED);
}

static void operate(struct hosts_world *w, unsigned number)
{
    static const enum wish_kind kinds[] = {WISH_CANCEL_RUN, WISH_PAUSE_RUN, WISH_PAUSE_RUN,
                                           WISH_UNPAUSE_RUN, WISH_UNPAUSE_RUN};
    struct sim_run *run = &w->runs[number];

    if (may_be_resumed(w, run)) {
        run->resumes += w->calm;
        ask(w, WISH_RESUME_RUN, number);
    } else if (!run->ended) {
        ask(w,
            w->calm && !world_chance(w, 10) ? WISH_UNPAUSE_RUN
                                            : kinds[rng_below(&w->rng, ARRAY_LEN(kinds))],
            number);
    }
}

/* In calm nothing stays paused, for the end; there is a cancel now and then. */
static void operators(struct hosts_world *w)
{
    unsigned first = (unsigned)rng_below(&w->rng, w->run_count);

    for (unsigned i = 0; i < w->run_count; i++) {
        unsigned number = (first + i) % w->run_count;

        if (w->runs[number].run_id[0] != '\0' && (w->calm || i == 0))
            operate(w, number);
    }
    world_at(w, &(struct event){.at_ns = w->now_ns + WORLD_S + world_below(w, 3 * WORLD_S),
                                .kind = EVENT_OPERATOR});
}

void clients_event(struct hosts_world *w, const struct event *event)
{
    if (event->kind == EVENT_START)
        start(w, (unsigned)(event->id & UINT32_MAX), event->id >> 32 != 0);
    else
        operators(w);
}

void clients_begin(struct hosts_world *w)
{
    for (unsigned i = 0; i < w->run_count; i++)
        world_at(w, &(struct event){.at_ns = w->now_ns + world_below(w, FAULTS_NS * 2 / 3),
                                    .kind = EVENT_START,
                                    .id = i});
    world_at(w, &(struct event){.at_ns = w->now_ns + 3 * WORLD_S, .kind = EVENT_OPERATOR});
}
