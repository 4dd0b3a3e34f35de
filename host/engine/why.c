/* why.c -- see why.h. */
#include "engine/why.h"

#include "base/mem.h"
#include "engine/attempts/order.h"
#include "engine/env/env.h"

#include <inttypes.h>

struct listing {
    const struct active_run *ar;
    json_t *reasons;
    uint32_t max;
    json_int_t more;
    int64_t now_ns, now_us; /* the same moment, monotonic and in the run's own time */
};

struct reason {
    const char *word;
    const char *step, *behind; /* NULL: none */
    uint32_t ahead;
    int64_t until_ns; /* RUN_NO_TIMER: not known */
};

static bool has_room(struct listing *l)
{
    if (json_array_size(l->reasons) < l->max)
        return true;
    l->more++;
    return false;
}

static void until_text(const struct listing *l, int64_t until_ns, char out[CLOCK_TEXT_BYTES])
{
    clock_text(l->now_us + (until_ns - l->now_ns) / 1000, out);
}

static void add(struct listing *l, const struct reason *r, const char *detail)
{
    json_t *one = json_pack("{s:s, s:s, s:I}", "reason", r->word, "detail", detail, "ahead",
                            (json_int_t)r->ahead);
    char until[CLOCK_TEXT_BYTES];

    if (r->until_ns != RUN_NO_TIMER) {
        until_text(l, r->until_ns, until);
        json_object_set_new(one, "until", json_string(until));
    }
    if (r->step != NULL)
        json_object_set_new(one, "step", json_string(r->step));
    if (r->behind != NULL)
        json_object_set_new(one, "behind", json_string(r->behind));
    json_array_append_new(l->reasons, one);
}

/* ---- the run as a whole ---- */

static void add_plain(struct listing *l, const char *word, const char *detail)
{
    if (has_room(l))
        add(l, &(struct reason){.word = word, .until_ns = RUN_NO_TIMER}, detail);
}

static void add_queued(struct listing *l, uint32_t ahead)
{
    if (has_room(l))
        add(l, &(struct reason){"host_full", NULL, NULL, ahead, RUN_NO_TIMER},
            "its host has runs-active-max others");
}

/* ---- at its gate ---- */

enum { GATE_HOLDERS_MAX = 10 };

/* Who holds the places of its key, by the store: other hosts' runs too. */
static json_t *holders_owned(const struct active_run *ar, const struct store_gate *key)
{
    auto_done(store_gate_list) held = {0};
    json_t *runs = json_array();
    struct err e = {0};

    if (store_read_gates_held(ar->env->reader, key, GATE_HOLDERS_MAX, &held, &e)) {
        for (size_t i = 0; i < held.count; i++)
            json_array_append_new(runs, json_string(held.rows[i].run_id));
    }
    return runs;
}

static void add_concurrency(struct listing *l, const struct active_run *ar)
{
    const struct store_gate key = gate_row(ar, GATE_CONCURRENCY);
    json_t *runs = holders_owned(ar, &key);
    const char *holder = json_string_value(json_array_get(runs, 0));
    auto_mem char *detail =
        mem_printf("of its concurrency key%s%s no more than %u may go on at once%s%s",
                   *key.gate_key ? " " : "", key.gate_key, ar->dag->concurrency.limit,
                   holder != NULL ? ", as does run " : "", holder != NULL ? holder : "");
    int64_t ahead = 0;
    json_t *one;
    struct err e = {0};

    (void)!store_read_gates_ahead(ar->env->reader, &key, &ahead, &e);
    add(l, &(struct reason){STORE_GATE_CONCURRENCY, NULL, NULL, (uint32_t)ahead, RUN_NO_TIMER},
        detail);
    one = json_array_get(l->reasons, json_array_size(l->reasons) - 1);
    json_object_set_new(one, "key", json_string(key.gate_key));
    json_object_set_new(one, "runs", runs);
}

static void add_debounce(struct listing *l, const struct active_run *ar)
{
    int64_t due_us = ar->gate->due_us != 0 ? ar->gate->due_us : gate_row(ar, GATE_DEBOUNCE).due_us;
    json_t *one;

    add(l,
        &(struct reason){STORE_GATE_DEBOUNCE, NULL, NULL, 0,
                         l->now_ns + (due_us - l->now_us) * 1000},
        "it begins then unless another start of its debounce key follows");
    one = json_array_get(l->reasons, json_array_size(l->reasons) - 1);
    json_object_set_new(one, "key", json_string(ar->gate->debounce));
}

static void add_gate(struct listing *l, const struct active_run *ar)
{
    if (!has_room(l))
        return;
    if (ar->gate->stage == GATE_DEBOUNCE)
        add_debounce(l, ar);
    else
        add_concurrency(l, ar);
}

static void add_run(struct listing *l, const struct why_of *of)
{
    struct store *store = of->ar->env->store;

    if (store_blocked(store, NULL))
        add_plain(l, "database_away", store_blocked_text(store));
    if (of->draining)
        add_plain(l, "host_draining",
                  "its host is ending and starts no attempt; who comes next goes on with the run");
    if (of->ar->place == PLACE_WAITING && gate_waits(of->ar->gate))
        add_gate(l, of->ar);
    else if (of->ar->place == PLACE_WAITING)
        add_queued(l, of->ahead);
    switch (run_state(of->ar->run)) {
    case RUN_PAUSED:
        add_plain(l, run_why_text(RUN_WHY_PAUSED), "the run is paused");
        return;
    case RUN_STOPPING:
        add_plain(l, run_why_text(RUN_WHY_CANCELLED), "the run ends as soon as its attempts have");
        return;
    case RUN_ROLLING_BACK:
        add_plain(l, run_why_text(RUN_WHY_ROLLING_BACK), "what it did is being compensated");
        return;
    default:
        return;
    }
}

/* ---- attempts that wait in lanes ---- */

static char *who_owned(const struct attempt_order *order)
{
    return order->whole ? mem_str("the task") : mem_printf("step '%s'", order->node_id);
}

static void add_apart(struct listing *l, const struct attempt_order *order)
{
    bool parked = order->place == ORDER_PARKED;
    auto_mem char *who = who_owned(order);
    auto_mem char *detail =
        mem_printf("%s %s", who,
                   parked ? "is in the hands of somebody else, who took its entry from the lane's "
                            "backend"
                          : "has a worker, for which its entry in the lane's backend is claimed");

    add(l,
        &(struct reason){parked ? "claimed_elsewhere" : "claiming", order->node_id, NULL, 0,
                         RUN_NO_TIMER},
        detail);
}

static void add_lane(struct listing *l, const struct lanes *lanes,
                     const struct attempt_order *order)
{
    struct lane_place place = lanes_place(lanes, &order->item, l->now_ns);
    bool named = place.why != LANE_WHY_NONE;
    const char *word = named ? lane_why_text(place.why) : run_why_text(RUN_WHY_QUEUED);
    auto_mem char *who = who_owned(order);
    auto_mem char *detail =
        mem_printf("%s is number %" PRIu32 " in lane '%s'%s%s", who, place.position, place.lane,
                   named ? ": " : "", named ? word : "");

    add(l, &(struct reason){word, order->node_id, NULL, place.position - 1, place.until_ns},
        detail);
}

/* ---- steps ---- */

static const char *id_of(const struct listing *l, uint32_t node)
{
    return l->ar->dag->nodes[node].node_id;
}

static void add_step(struct listing *l, uint32_t node, const struct run_why *why,
                     const char *detail)
{
    add(l,
        &(struct reason){run_why_text(why->kind), id_of(l, node),
                         why->node != RUN_WHY_NO_NODE ? id_of(l, why->node) : NULL, 0,
                         why->until_ns},
        detail);
}

static void add_timed(struct listing *l, uint32_t node)
{
    struct run_why why = run_why(l->ar->run, node);
    const char *error = run_node(l->ar->run, node).error;
    char until[CLOCK_TEXT_BYTES] = "an unknown time";
    auto_mem char *detail = NULL;

    if (why.until_ns != RUN_NO_TIMER)
        until_text(l, why.until_ns, until);
    if (why.kind == RUN_WHY_STOPPING)
        detail =
            mem_printf("step '%s' was asked to stop, and is killed at %s", id_of(l, node), until);
    else
        detail = mem_printf("step '%s' is %stried again at %s: %s", id_of(l, node),
                            why.kind == RUN_WHY_HELD ? "held by its host, and " : "", until,
                            error != NULL ? error : "its last attempt did not end well");
    add_step(l, node, &why, detail);
}

/* Of the run itself: it was said once. */
static char *behind_owned(const struct listing *l, uint32_t node, const struct run_why *why)
{
    const char *id = id_of(l, node);

    switch (why->kind) {
    case RUN_WHY_DEPENDENCY:
        return mem_printf("step '%s' waits for step '%s'", id, id_of(l, why->node));
    case RUN_WHY_LEVEL:
        return mem_printf("step '%s' waits for step '%s' of the level before", id,
                          id_of(l, why->node));
    case RUN_WHY_HALTED:
        return mem_printf("step '%s' does not start: step '%s' failed", id, id_of(l, why->node));
    case RUN_WHY_PARALLEL:
        return mem_printf("step '%s' waits: the run has %" PRIu32 " steps under way, as many as it "
                          "may",
                          id, why->number);
    default:
        return NULL;
    }
}

static void add_blocked(struct listing *l, uint32_t node)
{
    struct run_why why;
    auto_mem char *detail = NULL;

    if (!has_room(l)) /* counted, and not asked: a wide run has thousands */
        return;
    why = run_why(l->ar->run, node);
    detail = behind_owned(l, node, &why);
    if (detail != NULL)
        add_step(l, node, &why, detail);
}

static bool is_timed(enum node_state state)
{
    return state == NODE_WAITING || state == NODE_STOPPING;
}

static void each_step(struct listing *l, bool timed)
{
    const struct dag *dag = l->ar->dag;

    for (uint32_t i = 0; i < dag->node_count; i++) {
        enum node_state state = run_node(l->ar->run, dag->order[i]).state;

        if (timed && is_timed(state) && has_room(l))
            add_timed(l, dag->order[i]);
        else if (!timed && (state == NODE_PENDING || state == NODE_READY))
            add_blocked(l, dag->order[i]);
    }
}

/* ---- all ---- */

static const char *status_of(const struct active_run *ar)
{
    if (ar->cancelled || run_state(ar->run) == RUN_STOPPING)
        return "cancelling";
    if (run_state(ar->run) == RUN_PAUSED)
        return STATUS_PAUSED;
    return ar->place == PLACE_WAITING ? STATUS_QUEUED : STATUS_RUNNING;
}

json_t *why_owned(const struct why_of *of, uint32_t max)
{
    struct listing l = {.ar = of->ar,
                        .reasons = json_array(),
                        .max = max,
                        .now_ns = of->ar->env->clock.mono_ns(),
                        .now_us = active_run_wall_us(of->ar)};
    const struct attempt_order *order;

    add_run(&l, of);
    TAILQ_FOREACH(order, &of->ar->waiting, of_run)
    {
        if (!has_room(&l))
            continue;
        if (order->place == ORDER_WAITS)
            add_lane(&l, of->lanes, order);
        else
            add_apart(&l, order);
    }
    each_step(&l, true);
    if (run_state(of->ar->run) == RUN_ACTIVE)
        each_step(&l, false);
    return json_pack("{s:s, s:o, s:I}", "status", status_of(of->ar), "reasons", l.reasons, "more",
                     l.more);
}
