/* gate_sim.c -- runs that wait for others of their key, on the real engine and its real store, with
 * crashes, cancels and bursts of starts: `gate_sim [--seeds A..B]`.
 *
 * Behind every event: no key has more runs under way than its limit, none waits while a place is
 * free, who queues begins in the order of age, of those that keep the latest one waits, and none
 * that is skipped. At the end every start has its end. The first broken rule ends the program with
 * the seed that shows it. */
#include "rig.h"
#include "seeds.h"

#include "base/clock.h"
#include "base/mem.h"
#include "model/dag/gate.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { STARTS_MAX = 40, STEPS = 40, KEYS = 2, TRIES_MAX = 200 };

struct started {
    struct rig_answer answer;
    unsigned key;
    enum store_run_status status;
};

struct gate_world {
    struct rig *rig;
    struct rng rng;
    uint64_t seed;
    char dag_id[32];
    enum on_conflict policy;
    uint64_t limit;
    bool debounces;
    struct started starts[STARTS_MAX];
    size_t count;
    char wrong[200];
};

static uint64_t draw(struct gate_world *w, uint64_t bound)
{
    return rng_below(&w->rng, bound);
}

static void broken(struct gate_world *w, const char *what, unsigned key)
{
    if (w->wrong[0] == '\0')
        snprintf(w->wrong, sizeof w->wrong, "key %u: %s", key, what);
}

static void publish(struct gate_world *w)
{
    auto_mem char *text = mem_printf(
        "{\"name\":\"g\",\"dag_id\":\"%s\",\"version\":\"1.0.0\",\"nodes\":{\"a\":{\"agent_id\":"
        "\"a\"}},\"concurrency\":{\"key\":\"input.k\",\"limit\":%" PRIu64 ",\"on_conflict\":\"%s\"}"
        "%s}",
        w->dag_id, w->limit, on_conflict_text(w->policy),
        w->debounces ? ",\"debounce\":{\"key\":\"input.k\",\"period\":5,\"max_wait\":12}" : "");

    rig_publish(w->rig, text);
}

/* ---- what happens ---- */

static void start(struct gate_world *w)
{
    auto_json inputs = NULL;
    struct started *s;

    if (w->count == STARTS_MAX)
        return;
    s = &w->starts[w->count++];
    s->key = (unsigned)draw(w, KEYS);
    inputs = json_pack("{s:i}", "k", (int)s->key);
    control_start(engine_control(w->rig->engine), &rig_actor,
                  &(struct api_run_start){.dag_id = w->dag_id, .inputs = inputs}, rig_answered,
                  &s->answer);
    rig_pass(RIG_MS);
}

static void end_one(struct gate_world *w)
{
    struct sandbox *sb = &w->rig->sandbox;
    size_t open = rig_open_count(w->rig), nth = open > 0 ? draw(w, open) : 0;

    for (size_t i = 0; i < sb->count && open > 0; i++) {
        struct rig_attempt *a = &sb->attempts[i];

        if (!a->open || nth-- > 0)
            continue;
        rig_end(w->rig, a, a->cancelled ? OUTCOME_CANCELLED : OUTCOME_OK, "{}");
        return;
    }
}

static void cancel(struct gate_world *w)
{
    struct rig_answer answer = {0};
    const struct started *s = &w->starts[w->count > 0 ? draw(w, w->count) : 0];

    if (w->count > 0 && s->answer.run_id[0] != '\0')
        control_cancel(engine_control(w->rig->engine), &rig_actor, s->answer.run_id, rig_answered,
                       &answer);
    rig_settle(w->rig);
}

static void step(struct gate_world *w)
{
    switch (draw(w, 10)) {
    case 0:
        for (uint64_t n = draw(w, 6); n > 0; n--)
            start(w);
        break;
    case 1:
    case 2:
    case 3:
        start(w);
        break;
    case 4:
        rig_pass((int64_t)draw(w, 8) * RIG_S);
        break;
    case 5:
        cancel(w);
        break;
    case 6:
        rig_settle(w->rig);
        if (draw(w, 2) == 0)
            rig_crash(w->rig);
        break;
    default:
        end_one(w);
        break;
    }
    rig_settle(w->rig);
}

/* ---- what holds ---- */

static bool is_over(enum store_run_status status)
{
    return status != STORE_RUN_PENDING && status != STORE_RUN_RUNNING;
}

static void look(struct gate_world *w)
{
    for (size_t i = 0; i < w->count; i++) {
        struct started *s = &w->starts[i];

        if (s->answer.run_id[0] == '\0')
            s->status = STORE_RUN_CANCELLED; /* skipped: no run */
        else if (!is_over(s->status) || s->status == (enum store_run_status)0)
            s->status = rig_status(w->rig, s->answer.run_id);
    }
}

static void check_key(struct gate_world *w, unsigned key)
{
    uint64_t running = 0, waiting = 0;
    bool older_waits = false;

    for (size_t i = 0; i < w->count; i++) {
        const struct started *s = &w->starts[i];

        if (s->key != key)
            continue;
        running += s->status == STORE_RUN_RUNNING;
        waiting += s->status == STORE_RUN_PENDING;
        if (s->status == STORE_RUN_RUNNING && older_waits && w->policy == ON_CONFLICT_QUEUE &&
            !w->debounces)
            broken(w, "a younger run went first", key);
        older_waits |= s->status == STORE_RUN_PENDING;
    }
    if (running > w->limit)
        broken(w, "more runs go on than may", key);
    if (w->debounces)
        return;
    if (waiting > 0 && running < w->limit)
        broken(w, "a run waits and a place is free", key);
    if (w->policy == ON_CONFLICT_KEEP_LATEST && waiting > 1)
        broken(w, "more than the latest waits", key);
    if (w->policy == ON_CONFLICT_REPLACE && waiting > w->limit)
        broken(w, "more wait than may go on", key);
    if (w->policy == ON_CONFLICT_SKIP && waiting > 0)
        broken(w, "a run waits that was to be skipped", key);
}

static void check(struct gate_world *w)
{
    look(w);
    for (unsigned key = 0; key < KEYS; key++)
        check_key(w, key);
}

static bool all_over(const struct gate_world *w)
{
    for (size_t i = 0; i < w->count; i++) {
        if (!is_over(w->starts[i].status))
            return false;
    }
    return true;
}

static void finish(struct gate_world *w)
{
    for (unsigned i = 0; i < TRIES_MAX && w->wrong[0] == '\0' && !all_over(w); i++) {
        rig_pass(RIG_S);
        rig_settle(w->rig);
        end_one(w);
        check(w);
    }
    if (!all_over(w))
        broken(w, "a run never ended", 0);
    for (size_t i = 0; i < w->count; i++) {
        if (w->starts[i].answer.told != 1)
            broken(w, "a start was not answered once", w->starts[i].key);
    }
}

static bool run_seed(struct rig *rig, uint64_t seed, uint64_t ends[STORE_RUN_STATUS_COUNT])
{
    struct gate_world w = {.rig = rig, .rng = rng_of(seed), .seed = seed};

    w.policy = ON_CONFLICT_QUEUE + (enum on_conflict)(seed % 4);
    w.limit = 1 + seed / 4 % 3;
    w.debounces = seed % 5 == 0;
    snprintf(w.dag_id, sizeof w.dag_id, "g%" PRIu64, seed);
    publish(&w);
    for (unsigned i = 0; i < STEPS && w.wrong[0] == '\0'; i++) {
        step(&w);
        check(&w);
    }
    if (w.wrong[0] == '\0')
        finish(&w);
    for (size_t i = 0; i < w.count; i++)
        ends[w.starts[i].status]++;
    rig_forget(rig);
    if (w.wrong[0] != '\0')
        fprintf(stderr, "seed %" PRIu64 " %s, limit %" PRIu64 "%s: %s\n", seed,
                on_conflict_text(w.policy), w.limit, w.debounces ? ", debounced" : "", w.wrong);
    return w.wrong[0] == '\0';
}

int main(int argc, char **argv)
{
    int64_t began = clock_mono_ns();
    uint64_t from, to, ends[STORE_RUN_STATUS_COUNT] = {0};
    struct rig rig;
    bool ok = true;

    if (!seeds_parse(argc, argv, 24, &from, &to))
        return 2;
    json_setup();
    seeds_use_memory();
    rig_open(&rig, (struct rig_options){.runs_active_max = 100});
    for (uint64_t seed = from; seed <= to && ok; seed++)
        ok = run_seed(&rig, seed, ends);
    rig_close(&rig);
    if (!ok)
        return 1;
    printf("%" PRIu64 " worlds: %" PRIu64 " completed, %" PRIu64 " cancelled or skipped, %.1f s\n",
           to - from + 1, ends[STORE_RUN_COMPLETED], ends[STORE_RUN_CANCELLED],
           (double)(clock_mono_ns() - began) / 1e9);
    return to - from < 20 || (ends[STORE_RUN_COMPLETED] > 0 && ends[STORE_RUN_CANCELLED] > 0) ? 0
                                                                                              : 1;
}
