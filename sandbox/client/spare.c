/* spare.c -- see spare.h. */
#include "sandbox/client/spare.h"

#include "base/text.h"
#include "sandbox/client/call.h"
#include "sandbox/client/plugin.h"
#include "sandbox/client/spec.h"
#include "sandbox/wire/signal_text.h"

#include <assert.h>
#include <signal.h>
#include <sys/wait.h>

enum { EARLY_BYTES_MAX = 64 * 1024 /* of what constructors may print */ };

enum blame { BLAME_NOBODY, BLAME_PLUGIN, BLAME_LIMITS };

/* A failure: whose, how it is told, and what it is to an attempt if it is the limits'. */
struct verdict {
    enum blame blame;
    enum outcome outcome;
    struct err why;
};

/* ---- failures ---- */

static void count_failure(struct slot *slot, const struct verdict *v)
{
    struct pool *pool = slot->set->pool;

    if (v->blame != BLAME_PLUGIN)
        pool_failed(pool, slot->ordered_ns, v->outcome, v->why.msg);
    else if (slot->set->describes)
        plugin_refused(pool->plugin, &v->why);
    else
        plugin_struck(pool->plugin, slot->ordered_ns, v->why.msg);
}

/* Counts once for each process, kills it if it lives, and gives up on its reservation. */
static void fail(struct slot *slot, struct verdict *v)
{
    struct pool *pool = slot->set->pool;

    assert(slot->state == SLOT_LOADING || slot->state == SLOT_READY || slot->state == SLOT_ENDING);
    if (slot->judged || slot->seen.killed != KILL_NONE)
        return;
    /* No limit is too narrow for one that has nothing to do. */
    if (v->blame == BLAME_LIMITS &&
        (slot->was_ready || !spec_limits_are_narrow(&slot->set->limits)))
        v->blame = BLAME_PLUGIN;
    if (v->blame != BLAME_LIMITS)
        v->outcome = OUTCOME_INFRA;
    slot->judged = true;
    count_failure(slot, v);
    slot_abandon(slot, v->outcome, v->why.msg);
    pool_pump(pool);
}

static void breach(struct slot *slot, const char *what)
{
    struct verdict v = {.blame = BLAME_PLUGIN};

    if (slot->set->describes)
        err_set(&v.why, ERR_UNPROCESSABLE, "plugin's description cannot be read: %s", what);
    else
        err_set(&v.why, ERR_UNPROCESSABLE, "a process %s before it was used", what);
    fail(slot, &v);
}

/* ---- what it says ---- */

static void became_ready(struct slot *slot, uint32_t layers_said)
{
    struct pool *pool = slot->set->pool;

    slot_ready(slot, layers_said);
    pool->proved = true;
    if (slot->attempt != NULL)
        pool_bind(pool, slot, slot->attempt);
    pool_pump(pool);
}

static void load_failed(struct slot *slot, const struct spare_part *part)
{
    auto_done(buf) text = {0};
    struct verdict v = {BLAME_LIMITS, OUTCOME_CRASH, {0}};

    text_add_utf8(&text, part->bytes, part->len);
    err_set(&v.why, ERR_UNPROCESSABLE, "%s", buf_text(&text));
    fail(slot, &v);
}

static void described(struct slot *slot, const struct spare_part *part, bool last)
{
    if (slot->about_ended || part->len > PLUGIN_INFO_BYTES_MAX - slot->about.len) {
        breach(slot, "says more than there can be");
        return;
    }
    buf_add(&slot->about, part->bytes, part->len);
    slot->about_ended = last;
}

static void heard(struct slot *slot, enum spare_packet kind, const struct spare_part *part)
{
    bool describes = slot->set->describes, loading = slot->state == SLOT_LOADING;

    if (loading && kind == SPARE_READY && !describes) {
        if (!slot->exit_seen) /* or it was, and is none any more */
            became_ready(slot, part->layers);
    } else if (loading && kind == SPARE_LOAD_FAILED) {
        load_failed(slot, part);
    } else if (loading && (kind == SPARE_ABOUT || kind == SPARE_ABOUT_END) && describes) {
        described(slot, part, kind == SPARE_ABOUT_END);
    } else {
        breach(slot, "said what was not due");
    }
}

bool spare_said(struct slot *slot, const struct attempt_packet *packet, size_t n)
{
    struct spare_part part;

    if (!slot->judged && slot->seen.killed == KILL_NONE)
        heard(slot, attempt_spare_read(packet, n, &part), &part);
    return !slot->judged;
}

void spare_wrote(struct slot *slot)
{
    if (slot->early_bytes > EARLY_BYTES_MAX && slot->state >= SLOT_LOADING)
        breach(slot, "wrote without end");
}

/* ---- how it ends ---- */

void spare_overdue(struct slot *slot)
{
    struct verdict v = {.blame = BLAME_PLUGIN};

    err_set(&v.why, ERR_TIMEOUT, "the plugin did not load in %u ms", slot->set->load_ms);
    fail(slot, &v);
}

void spare_over(struct slot *slot, enum kill_reason limit)
{
    bool cpu = limit == KILL_CPU;
    struct verdict v = {BLAME_LIMITS, cpu ? OUTCOME_CPU_LIMIT : OUTCOME_OOM, {0}};

    err_set(&v.why, ERR_UNPROCESSABLE, "the plugin was over its %s limit before it was used",
            cpu ? "CPU time" : "memory");
    fail(slot, &v);
}

static void bury(struct slot *slot)
{
    struct pool *pool = slot->set->pool;

    assert(slot->attempt == NULL); /* it was given up with whatever ended the process */
    if (!slot->asked)
        slot_release(slot, false);
    slot_free(slot);
    pool_pump(pool);
    if (pool->plugin->state !=
        PLUGIN_READY) /* the pool may be over, and there is room for others */
        loop_timer_at(pool->home->loop, pool->home->loop->now_ns);
}

static const char *phase_of(const struct slot *slot)
{
    bool loading = slot->state == SLOT_LOADING || (slot->state == SLOT_ENDING && !slot->was_ready);

    return loading ? "while loading the plugin" : "before it was used";
}

static void ended_by(struct slot *slot, int number)
{
    bool cpu = number == SIGXCPU || number == SIGPROF;
    struct verdict v = {BLAME_LIMITS, cpu ? OUTCOME_CPU_LIMIT : OUTCOME_CRASH, {0}};
    auto_done(buf) call = {0};

    if (number == SIGSYS)
        call_say(&slot->seen, &call);
    err_set(&v.why, ERR_UNPROCESSABLE, "a process ended by %s %s%s%s", signal_text(number).text,
            phase_of(slot), call.len > 0 ? ": " : "", call.len > 0 ? buf_text(&call) : "");
    fail(slot, &v);
}

static void exited_with(struct slot *slot, int code)
{
    struct verdict v = {BLAME_LIMITS, OUTCOME_CRASH, {0}};

    err_set(&v.why, ERR_UNPROCESSABLE, "a process exited with %d %s", code, phase_of(slot));
    fail(slot, &v);
}

static void ended_somehow(struct slot *slot, const char *how)
{
    struct verdict v = {.blame = BLAME_NOBODY};

    err_set(&v.why, ERR_UNAVAILABLE, "a process ended %s, %s", phase_of(slot), how);
    fail(slot, &v);
}

static void judge_end(struct slot *slot)
{
    int status = slot->wait_status;

    if (!slot->exit_known) {
        ended_somehow(slot, "and nobody told how");
    } else if (WIFSIGNALED(status)) {
        ended_by(slot, WTERMSIG(status));
    } else if (slot->about_ended && WEXITSTATUS(status) == 0) {
        slot->judged = true;
        plugin_described(slot->set->pool->plugin, slot->about.data, slot->about.len);
    } else {
        exited_with(slot, WEXITSTATUS(status));
    }
}

/* SIGKILL by nobody of ours may be the kernel's: the supervisor knows its group. */
static void ask(struct slot *slot)
{
    slot->asked = true;
    slot_ending(slot);
    slot_release(slot, true);
    slot_deadline_in(slot, LOST_NS);
}

void spare_ended(struct slot *slot)
{
    bool judged = slot->judged || slot->seen.killed != KILL_NONE;

    assert(slot->state < SLOT_RUNNING && slot->state >= SLOT_LOADING);
    if (!judged && slot->exit_known && WIFSIGNALED(slot->wait_status) &&
        WTERMSIG(slot->wait_status) == SIGKILL) {
        ask(slot);
        return;
    }
    if (!judged)
        judge_end(slot);
    bury(slot);
}

/* The kernel also counts those that it kills because the whole machine is full. That is no fault of
 * a plugin that had room left under its own limit. */
static bool filled_its_group(const struct slot *slot, uint64_t oom_kills, uint64_t peak_bytes)
{
    uint64_t limit = slot->set->limits.memory_bytes;

    return oom_kills > 0 && peak_bytes >= limit - limit / 8;
}

void spare_explained(struct slot *slot, uint64_t oom_kills, uint64_t peak_bytes)
{
    assert(slot->state == SLOT_ENDING && slot->asked);
    if (slot->seen.call_known)
        ended_by(slot, SIGSYS);
    else if (filled_its_group(slot, oom_kills, peak_bytes))
        spare_over(slot, KILL_MEMORY);
    else
        ended_somehow(slot, oom_kills > 0 ? "killed for want of memory" : "killed by somebody");
    bury(slot);
}
