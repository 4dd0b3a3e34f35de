/* queues.c -- the lanes that have a backend, and whether it is there. See entries.h. */
#include "base/log.h"
#include "base/mem.h"
#include "engine/control/shed.h"
#include "engine/entries/inside.h"
#include "engine/lanes/kept.h"
#include "lanes/work.h"

#include <stdio.h>
#include <string.h>

static_assert((int)LANE_STORE == (int)BRIDGE_STORE && (int)LANE_REDIS == (int)BRIDGE_REDIS &&
                  (int)LANE_NATS == (int)BRIDGE_NATS,
              "one is the other");

struct entry_lane *entry_lane_of(const struct entries *entries, const char *name)
{
    struct entry_lane *lane;

    HASH_FIND_STR(entries->lanes, name, lane);
    return lane;
}

struct entry_queue *entry_queue_of(const struct entries *entries, const struct bridge_queue *said)
{
    struct entry_lane *lane = entry_lane_of(entries, said->lane);

    return lane != NULL ? &lane->queues[said->express ? LANE_EXPRESS : LANE_REGULAR] : NULL;
}

static void tell(const struct entries *entries, const struct entry_lane *lane,
                 enum lane_backend backend)
{
    struct bridge_lane said = {.backend = (enum bridge_backend)backend, .reads = lane->reads};
    struct buf body = {0};

    snprintf(said.name, sizeof said.name, "%s", lane->name);
    bridge_lane_pack(&body, &said);
    bridge_client_say(entries->env->bridge, BRIDGE_LANE, &body);
}

/* ---- there, and away ---- */

static void set_down(const struct entries *entries, const char *lane, bool down)
{
    lanes_down(attempts_lanes(entries->ctl->attempts), lane, down, entries->env->clock.mono_ns());
}

static bool is_ready(const struct entry_lane *lane)
{
    return lane->queues[LANE_REGULAR].ready && lane->queues[LANE_EXPRESS].ready;
}

/* What was asked of it is not answered any more. */
static void lose(struct entries *entries, struct entry_lane *lane, bool bridge_too)
{
    struct entry *entry, *next;

    set_down(entries, lane->name, true);
    for (int half = 0; half < LANE_HALVES; half++) {
        struct entry_queue *queue = &lane->queues[half];

        queue->ready = false;
        for (entry = TAILQ_FIRST(&queue->entries); entry != NULL; entry = next) {
            next = TAILQ_NEXT(entry, link);
            entry_lose(entries, entry, bridge_too);
        }
    }
}

void entries_state(void *arg, enum bridge_backend backend)
{
    struct entries *entries = arg;
    bool up = bridge_client_state(entries->env->bridge, backend)->up;

    for (struct entry_lane *lane = entries->lanes; !up && lane != NULL; lane = lane->hh.next) {
        if (lane->backend == (enum lane_backend)backend)
            lose(entries, lane, false);
    }
}

void entries_fresh(void *arg)
{
    struct entries *entries = arg;

    for (struct entry_lane *lane = entries->lanes; lane != NULL; lane = lane->hh.next) {
        lose(entries, lane, true);
        tell(entries, lane, lane->backend);
    }
}

void entry_queue_ready(struct entries *entries, struct entry_queue *queue)
{
    struct entry *entry, *next;

    queue->ready = true;
    for (entry = TAILQ_FIRST(&queue->entries); entry != NULL; entry = next) {
        next = TAILQ_NEXT(entry, link);
        if (entry->stale || entry->state == ENTRY_WANTED)
            entry_want(entries, entry);
    }
    if (!is_ready(queue->lane))
        return;
    set_down(entries, queue->lane->name, false);
    attempts_unpark(entries->ctl->attempts, queue->lane->name);
}

void entry_queue_unread(const struct entries *entries, const struct entry_queue *queue)
{
    uint32_t known = (uint32_t)HASH_CNT(by_id, queue->by_id);
    enum lane_half half = queue == &queue->lane->queues[LANE_EXPRESS] ? LANE_EXPRESS : LANE_REGULAR;

    lanes_unread(attempts_lanes(entries->ctl->attempts), queue->lane->name, half,
                 queue->depth > known ? queue->depth - known : 0);
}

/* ---- which lanes ---- */

static void know(void *arg, struct active_run *ar)
{
    entries_know(arg, ar);
}

static void lane_new(struct entries *entries, const char *name, enum lane_backend backend)
{
    struct entry_lane *lane = mem_new(struct entry_lane);

    lane->name = mem_str(name);
    lane->backend = backend;
    for (int half = 0; half < LANE_HALVES; half++) {
        lane->queues[half].lane = lane;
        TAILQ_INIT(&lane->queues[half].entries);
    }
    HASH_ADD_KEYPTR(hh, entries->lanes, lane->name, strlen(lane->name), lane);
    set_down(entries, name, true);
    if (entries->env->bridge != NULL)
        tell(entries, lane, backend);
    runs_each(entries->ctl->runs, know, entries);
}

static void lane_free(struct entries *entries, struct entry_lane *lane)
{
    HASH_DEL(entries->lanes, lane);
    free(lane->name);
    free(lane);
}

/* What it has there is taken away: the runs go on without. */
static void lane_leave(struct entries *entries, struct entry_lane *lane)
{
    struct entry *entry;

    for (int half = 0; half < LANE_HALVES; half++) {
        while ((entry = TAILQ_FIRST(&lane->queues[half].entries)) != NULL) {
            struct active_run *ar = entry->ar;
            bool asked = entry->asked;

            if (entry->state == ENTRY_THERE)
                entry_say(entries, BRIDGE_DONE, &entry->it);
            entry_free(entries, entry);
            if (asked)
                attempts_claimed(entries->ctl->attempts, ar, true);
        }
    }
    if (entries->env->bridge != NULL)
        tell(entries, lane, LANE_STORE);
    set_down(entries, lane->name, false);
    attempts_unpark(entries->ctl->attempts, lane->name);
    lane_free(entries, lane);
}

void entries_lane_set(struct entries *entries, const char *name, enum lane_backend backend)
{
    struct entry_lane *lane = entry_lane_of(entries, name);

    if (lane != NULL && lane->backend != backend)
        lane_leave(entries, lane);
    if (backend != LANE_STORE && (lane == NULL || lane->backend != backend))
        lane_new(entries, name, backend);
}

void entry_lanes_free(struct entries *entries)
{
    struct entry_lane *lane, *next;

    HASH_ITER(hh, entries->lanes, lane, next)
    lane_free(entries, lane);
}

/* ---- whether strangers' entries are wanted ---- */

static bool wants(const struct entries *entries, const struct entry_lane *lane)
{
    const struct control *ctl = entries->ctl;
    struct lane_view view;

    return ctl->mode->accepting && !ctl->mode->draining && !ctl->mode->adrift &&
           kept_lanes_see(ctl->lanes, lane->name, &view) && !view.spec.paused &&
           !view.spec.draining && lane_work_runs(kept_lanes_work(ctl->lanes, lane->name)) &&
           view.waiting[LANE_REGULAR] + view.waiting[LANE_EXPRESS] < view.spec.max_depth &&
           shed_lets_in(ctl->shed, NULL);
}

void entries_turn(struct entries *entries)
{
    for (struct entry_lane *lane = entries->lanes; lane != NULL; lane = lane->hh.next) {
        bool reads = wants(entries, lane);

        if (reads == lane->reads)
            continue;
        lane->reads = reads;
        if (entries->env->bridge != NULL)
            tell(entries, lane, lane->backend);
    }
}
