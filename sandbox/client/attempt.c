/* attempt.c -- attempts from the caller's request to the caller's answer. */
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "sandbox/client/internal.h"
#include <orch/plugin.h>

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MEMORY_BYTES_DEFAULT (256ULL << 20)
#define MEMORY_BYTES_MIN (16ULL << 20)
#define CPU_MS_DEFAULT (600 * 1000ULL)
#define LOG_BYTES_DEFAULT (256 * 1024ULL)
#define OUTPUT_JSON_DEPTH_MAX 64u
enum { THREADS_MAX = 64 };

/* ---- start ---- */

static void fill_limits(struct attempt_limits *l)
{
    l->memory_bytes = l->memory_bytes != 0 ? l->memory_bytes : MEMORY_BYTES_DEFAULT;
    if (l->memory_bytes < MEMORY_BYTES_MIN)
        l->memory_bytes = MEMORY_BYTES_MIN;
    l->cpu_ms = l->cpu_ms != 0 ? l->cpu_ms : CPU_MS_DEFAULT;
    l->log_bytes = l->log_bytes != 0 ? l->log_bytes : LOG_BYTES_DEFAULT;
    if (l->output_bytes == 0 || l->output_bytes > NODE_OUTPUT_BYTES_MAX)
        l->output_bytes = NODE_OUTPUT_BYTES_MAX;
}

bool attempt_check_spec(struct sandbox *sb, struct attempt_spec *spec, struct plugin **ret,
                        struct err *e)
{
    struct plugin *plugin = spec->digest != NULL ? plugin_find(sb, spec->digest) : NULL;
    int min = spec->min_level != 0 ? spec->min_level : LAYER_LEVEL_DEFAULT;

    if (sb->gone)
        return err_set(e, ERR_UNAVAILABLE, "the supervisor is gone");
    if (plugin == NULL)
        return err_set(e, ERR_NOT_FOUND, "no plugin %.12s",
                       spec->digest != NULL ? spec->digest : "");
    if (spec->profile == PROFILE_UNSET)
        spec->profile = PROFILE_PURE;
    if (spec->isolation == ISOLATION_UNSET)
        spec->isolation = ISOLATION_WARM;
    if (spec->profile != PROFILE_PURE)
        return err_set(e, ERR_UNSUPPORTED, "profile '%s' is not in this build; 'pure' is",
                       profile_name(spec->profile));
    if (spec->isolation >= ISOLATION_COUNT || spec->limits.threads_max > THREADS_MAX)
        return err_set(e, ERR_INVALID, "isolation or threads_max out of range");
    if (sb->report.level < min || (spec->required_layers & ~sb->report.mask) != 0)
        return err_set(e, ERR_DENIED, "this host's sandbox reaches level %d, the node needs %d",
                       sb->report.level, min);
    if (spec->tenant == NULL || strlen(spec->tenant) > TENANT_BYTES_MAX)
        return err_set(e, ERR_INVALID, "an attempt needs a tenant of at most %u bytes",
                       TENANT_BYTES_MAX);
    if (spec->isolation < plugin->isolation)
        spec->isolation = plugin->isolation;
    fill_limits(&spec->limits);
    *ret = plugin;
    return true;
}

static struct attempt_text text_of(const char *text, const char *absent)
{
    if (text == NULL)
        text = absent;
    return (struct attempt_text){text, strlen(text)};
}

static struct attempt_text json_of(const char *text, size_t bytes)
{
    return text != NULL ? (struct attempt_text){text, bytes} : text_of("{}", "");
}

static bool pack_input(const struct attempt_spec *spec, struct buf *b, struct err *e)
{
    struct attempt_input input = {
        .agent = text_of(spec->agent_id, ""),
        .run_id = text_of(spec->run_id, ""),
        .node = text_of(spec->node_id, ""),
        .idempotency_key = text_of(spec->idempotency_key, ""),
        .config = json_of(spec->config_json, spec->config_bytes),
        .input = json_of(spec->input_json, spec->input_bytes),
        .attempt = spec->attempt,
        .deadline_ns = spec->deadline_ns,
        .logical_time_us = spec->logical_time_us,
        .output_bytes_max = spec->limits.output_bytes,
        .log_bytes_max = spec->limits.log_bytes,
    };

    if (input.input.bytes > NODE_INPUT_BYTES_MAX || input.config.bytes > NODE_INPUT_BYTES_MAX)
        return err_set(e, ERR_TOO_LARGE, "input or config over %u bytes", NODE_INPUT_BYTES_MAX);
    memcpy(input.seed, spec->seed, sizeof input.seed);
    attempt_input_pack(&input, b);
    return b->len <= ATTEMPT_INPUT_BYTES_MAX ||
           err_set(e, ERR_TOO_LARGE, "texts of the attempt are over their limit");
}

static struct attempt *attempt_new(struct sandbox *sb, const struct attempt_spec *spec)
{
    struct attempt *a = mem_new(struct attempt);

    a->id = sb->next_id++;
    a->agent_id = mem_str(spec->agent_id != NULL ? spec->agent_id : "");
    a->min_level = spec->min_level != 0 ? spec->min_level : LAYER_LEVEL_DEFAULT;
    a->required_layers = spec->required_layers;
    a->deadline_ns = spec->deadline_ns;
    a->reader.output_bytes_max = spec->limits.output_bytes;
    for (size_t i = 0; i < ARRAY_LEN(a->streams); i++)
        a->streams[i].left = spec->limits.log_bytes;
    TAILQ_INSERT_HEAD(&sb->attempts[a->id % HASH_BUCKETS], a, hash_link);
    sb->attempt_count++;
    return a;
}

static void enqueue(struct sandbox *sb, struct attempt *a, struct pool *pool)
{
    a->pool = pool;
    sb->counts.attempts_waiting++;
    if (pool->ready_count == 0 && pool->target < sb->options.spares_max)
        pool->target = pool->target > 0 ? 2 * pool->target : 1;
    if (a->deadline_ns != 0)
        timer_at(sb, a->deadline_ns);
    if (a->slot != NULL)
        return;
    TAILQ_INSERT_TAIL(&pool->waiting, a, link);
    pool->waiting_count++;
    a->queued = true;
}

/* The pipe must be given out now, and belongs to one process: a spare, or one that is yet to be.
 * It is reserved either way. */
static bool reserve(struct sandbox *sb, struct attempt *a, struct pool *pool, int *ret_fd,
                    struct err *e)
{
    struct slot *slot = TAILQ_FIRST(&pool->ready);

    if (slot == NULL && !slot_make(sb, pool, &slot, e))
        return false;
    slot->attempt = a;
    a->slot = slot;
    *ret_fd = take_fd(&slot->secret_fd);
    return true;
}

bool sandbox_attempt_start(struct sandbox *sb, const struct attempt_spec *given, uint64_t *ret_id,
                           int *ret_secret_fd, struct err *e)
{
    struct attempt_spec spec = *given;
    auto_done(buf) input = {0};
    struct plugin *plugin;
    struct attempt *a;
    struct pool *pool;

    if (sb->attempt_count >= sb->options.attempts_max)
        return err_set(e, ERR_LIMIT, "%u attempts run or wait", sb->attempt_count);
    if (!attempt_check_spec(sb, &spec, &plugin, e) || !pack_input(&spec, &input, e))
        return false;
    sb->now_ns = clock_mono_ns();
    pool = pool_of(sb, plugin, &spec);
    a = attempt_new(sb, &spec);
    a->input = input;
    input = (struct buf){0};
    if (spec.has_secrets && !reserve(sb, a, pool, ret_secret_fd, e)) {
        attempt_free(sb, a);
        return false;
    }
    *ret_id = a->id;
    enqueue(sb, a, pool);
    if (a->slot != NULL && a->slot->state == SLOT_READY)
        slot_bind(sb, a->slot, a);
    pool->used_ns = sb->now_ns;
    pool_pump(sb, pool);
    return true;
}

/* ---- find, stop ---- */

struct attempt *attempt_find(struct sandbox *sb, uint64_t id)
{
    struct attempt *a;

    TAILQ_FOREACH (a, &sb->attempts[id % HASH_BUCKETS], hash_link)
        if (a->id == id)
            return a;
    return NULL;
}

/* True when it had not begun, and is ended now. */
static bool cancel_waiting(struct sandbox *sb, struct attempt *a)
{
    if (a->outcome != OUTCOME_INVALID)
        return true;
    if (a->slot == NULL)
        attempt_gave_up(sb, a, OUTCOME_CANCELLED, "cancelled before it began");
    else if (a->slot->state < SLOT_RUNNING)
        slot_abandon(sb, a->slot, OUTCOME_CANCELLED, "cancelled before it began");
    else
        return false;
    wake_self(sb);
    return true;
}

void sandbox_attempt_cancel(struct sandbox *sb, uint64_t id)
{
    struct attempt *a = attempt_find(sb, id);

    if (a == NULL || cancel_waiting(sb, a))
        return;
    a->cancelled = true;
    /* Behind its input, or it would be read as a part of it. */
    if (a->input.data == NULL && !a->stop_sent)
        a->stop_sent = channel_send(a->slot, ATTEMPT_STOP);
}

void sandbox_attempt_kill(struct sandbox *sb, uint64_t id)
{
    struct attempt *a = attempt_find(sb, id);

    if (a == NULL || cancel_waiting(sb, a))
        return;
    slot_kill(sb, a->slot, KILL_CANCEL);
}

bool attempt_accepts(const struct attempt *a, uint32_t layers)
{
    return layer_level(layers) >= a->min_level && (a->required_layers & ~layers) == 0;
}

void attempt_progressed(struct sandbox *sb, struct attempt *a, const struct packet_part *part)
{
    auto_done(buf) note = {0};

    text_add_utf8(&note, part->text, part->bytes);
    if (sb->events.on_attempt_progress != NULL)
        sb->events.on_attempt_progress(sb->arg, a->id, part->done, part->total, buf_text(&note),
                                       note.len);
}

void attempt_begun(struct sandbox *sb, struct attempt *a)
{
    a->begun_due = true;
    TAILQ_INSERT_TAIL(&sb->begun, a, begun_link);
}

void attempts_tell_begun(struct sandbox *sb)
{
    struct attempt *a;

    while ((a = TAILQ_FIRST(&sb->begun)) != NULL) {
        TAILQ_REMOVE(&sb->begun, a, begun_link);
        a->begun_due = false;
        if (sb->events.on_attempt_started != NULL)
            sb->events.on_attempt_started(sb->arg, a->id, a->layers, layer_level(a->layers));
    }
}

/* ---- the end ---- */

static void to_done(struct sandbox *sb, struct attempt *a)
{
    a->slot = NULL;
    TAILQ_INSERT_TAIL(&sb->done, a, link);
}

void attempt_gave_up(struct sandbox *sb, struct attempt *a, enum outcome outcome,
                     const char *reason)
{
    struct pool *pool = a->pool;

    assert(a->outcome == OUTCOME_INVALID);
    if (a->started_ns == 0)
        sb->counts.attempts_waiting--;
    if (a->queued) {
        TAILQ_REMOVE(&pool->waiting, a, link);
        pool->waiting_count--;
        a->queued = false;
    }
    a->outcome = outcome;
    a->reason = mem_str(reason);
    to_done(sb, a);
}

/* What an output is, is decided here once and for all: a strict JSON text, or no output. */
static bool output_is_json(struct attempt *a)
{
    struct json_limits limits = {a->reader.output_bytes_max, OUTPUT_JSON_DEPTH_MAX};
    struct err e;

    if (json_parse(buf_text(&a->reader.output), a->reader.output.len, &limits, &a->output_json,
                   NULL, &e))
        return true;
    a->reason = mem_printf("the output is not a JSON value: %.900s", e.msg);
    return false;
}

void attempt_ended(struct sandbox *sb, struct attempt *a, const struct observed *seen)
{
    assert(a->outcome == OUTCOME_INVALID);
    a->seen = *seen;
    a->seen.wall_ns = a->ended_ns - a->started_ns;
    a->seen.stop_asked = a->cancelled;
    a->seen.past_deadline = a->deadline_ns != 0 && a->ended_ns >= a->deadline_ns;
    a->seen.cpu_limit_ns = (int64_t)a->pool->limits.cpu_ms * 1000000;
    a->outcome = outcome_of(&a->seen);
    if (a->outcome == OUTCOME_OK && !output_is_json(a))
        a->outcome = OUTCOME_PROTOCOL;
    to_done(sb, a);
}

/* ---- the answer ---- */

/* The text where no frame gives one. */
static const char *const messages[OUTCOME_COUNT] = {
    [OUTCOME_PLUGIN_TRANSIENT] = "the agent failed and gave no reason",
    [OUTCOME_PLUGIN_FATAL] = "the agent failed and gave no reason",
    [OUTCOME_BAD_INPUT] = "the agent refused its input and gave no reason",
    [OUTCOME_POLICY_VIOLATION] = "killed for a system call that its profile forbids",
    [OUTCOME_CRASH] = "the agent crashed",
    [OUTCOME_OOM] = "killed over its memory limit",
    [OUTCOME_TIMEOUT] = "killed at its deadline",
    [OUTCOME_CPU_LIMIT] = "killed over its CPU time limit",
    [OUTCOME_PROTOCOL] = "ended without one whole, valid result",
    [OUTCOME_INFRA] = "killed by somebody else",
    [OUTCOME_CANCELLED] = "cancelled",
    [OUTCOME_LOST] = "could not be killed in time",
};

static bool frame_speaks(const struct attempt *a)
{
    return a->outcome == OUTCOME_PLUGIN_TRANSIENT || a->outcome == OUTCOME_PLUGIN_FATAL ||
           a->outcome == OUTCOME_BAD_INPUT ||
           (a->outcome == OUTCOME_CANCELLED && a->seen.frame_complete);
}

static void say_message(const struct attempt *a, struct buf *b)
{
    if (frame_speaks(a) && a->reader.message != NULL && a->reader.message[0] != '\0')
        text_add_utf8(b, a->reader.message, strlen(a->reader.message));
    else if (a->outcome == OUTCOME_UNKNOWN_AGENT)
        buf_addf(b, "Agent '%s' not found in registry", a->agent_id);
    else if (a->reason != NULL)
        buf_adds(b, a->reason);
    else if (a->outcome == OUTCOME_CRASH)
        buf_addf(b, "the agent crashed: SIG%s", sigabbrev_np(a->seen.signal));
    else if (messages[a->outcome] != NULL)
        buf_adds(b, messages[a->outcome]);
}

static void say_class(const struct attempt *a, struct buf *b)
{
    if (frame_speaks(a) && a->reader.error_class[0] != '\0')
        text_add_utf8(b, a->reader.error_class, strlen(a->reader.error_class));
    else
        buf_adds(b, outcome_error_class(a->outcome));
}

static void deliver(struct sandbox *sb, struct attempt *a)
{
    auto_done(buf) error_class = {0};
    auto_done(buf) message = {0};
    bool ok = a->outcome == OUTCOME_OK, by_itself = a->seen.frame_complete;
    struct attempt_result r = {
        .outcome = a->outcome,
        .status = by_itself ? a->reader.result.status : 0,
        .output = ok ? buf_text(&a->reader.output) : NULL,
        .output_bytes = ok ? a->reader.output.len : 0,
        .output_json = ok ? a->output_json : NULL,
        .exit_code = a->seen.exit_known && a->seen.signal == 0 ? a->seen.exit_code : -1,
        .signal = a->seen.signal,
        .layers = a->layers,
        .level = layer_level(a->layers),
        .wall_ns = a->started_ns != 0 ? a->ended_ns - a->started_ns : 0,
        .cpu_ns = by_itself ? (int64_t)a->reader.result.cpu_ns : 0,
        .memory_peak = a->memory_peak,
        .log_dropped =
            a->streams[STREAM_LOG].dropped + (by_itself ? a->reader.result.log_dropped : 0),
        .stdout_dropped = a->streams[STREAM_STDOUT].dropped,
        .stderr_dropped = a->streams[STREAM_STDERR].dropped,
    };

    say_class(a, &error_class);
    say_message(a, &message);
    r.error_class = buf_text(&error_class);
    r.error_message = buf_text(&message);
    sb->counts.attempts_done++;
    sb->counts.done_by_outcome[a->outcome]++;
    if (sb->events.on_attempt_done != NULL)
        sb->events.on_attempt_done(sb->arg, a->id, &r);
}

void attempts_deliver(struct sandbox *sb)
{
    struct attempt *a;

    while ((a = TAILQ_FIRST(&sb->done)) != NULL) {
        TAILQ_REMOVE(&sb->done, a, link);
        deliver(sb, a);
        attempt_free(sb, a);
    }
}

void attempt_free(struct sandbox *sb, struct attempt *a)
{
    TAILQ_REMOVE(&sb->attempts[a->id % HASH_BUCKETS], a, hash_link);
    sb->attempt_count--;
    if (a->begun_due)
        TAILQ_REMOVE(&sb->begun, a, begun_link);
    buf_done(&a->input);
    attempt_reader_done(&a->reader);
    json_decref(a->output_json);
    free(a->agent_id);
    free(a->reason);
    free(a);
}
