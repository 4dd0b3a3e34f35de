/* attempt.c -- see attempt.h. */
#include "sandbox/client/attempt.h"

#include "base/limits.h"
#include "base/mem.h"

#include <assert.h>
#include <string.h>

#define ATTEMPT_MAGIC 0xa77e3947u

void attempts_init(struct attempts *attempts, struct sandbox_counts *counts)
{
    attempts->counts = counts;
    TAILQ_INIT(&attempts->begun);
    TAILQ_INIT(&attempts->reading);
    TAILQ_INIT(&attempts->done);
    for (size_t i = 0; i < ARRAY_LEN(attempts->buckets); i++)
        TAILQ_INIT(&attempts->buckets[i]);
}

static struct attempt_bucket *bucket(struct attempts *attempts, uint64_t id)
{
    return &attempts->buckets[id % ATTEMPT_BUCKETS];
}

struct attempt *attempt_new(struct attempts *attempts, uint64_t id, const struct attempt_spec *spec,
                            struct buf *input)
{
    struct attempt *a = mem_new(struct attempt);

    a->magic = ATTEMPT_MAGIC;
    a->home = attempts;
    a->id = id;
    a->agent_id = mem_str(spec->agent_id != NULL ? spec->agent_id : "");
    a->isolation = spec->isolation;
    a->min_level = spec->min_level;
    a->required_layers = spec->required_layers;
    a->deadline_ns = spec->deadline_ns;
    a->limits = spec->limits;
    a->reader.output_bytes_max = spec->limits.output_bytes;
    for (size_t i = 0; i < ARRAY_LEN(a->streams); i++)
        stream_init(&a->streams[i], spec->limits.log_bytes);
    a->input = *input;
    *input = (struct buf){0};
    TAILQ_INSERT_HEAD(bucket(attempts, id), a, hash_link);
    attempts->count++;
    return a;
}

struct attempt *attempt_find(struct attempts *attempts, uint64_t id)
{
    struct attempt *a;

    TAILQ_FOREACH (a, bucket(attempts, id), hash_link) {
        assert(a->magic == ATTEMPT_MAGIC);
        if (a->id == id)
            return a;
    }
    return NULL;
}

void attempt_free(struct attempt *a)
{
    assert(a->magic == ATTEMPT_MAGIC && a->queue == NULL);
    a->magic = 0;
    if (a->reading)
        TAILQ_REMOVE(&a->home->reading, a, link);
    TAILQ_REMOVE(bucket(a->home, a->id), a, hash_link);
    a->home->count--;
    if (a->begun_due)
        TAILQ_REMOVE(&a->home->begun, a, begun_link);
    buf_done(&a->input);
    for (size_t i = 0; i < ARRAY_LEN(a->streams); i++)
        stream_done(&a->streams[i]);
    attempt_reader_done(&a->reader);
    json_read_done(&a->output);
    free(a->agent_id);
    free(a->reason);
    free(a);
}

/* ---- waiting ---- */

void attempt_queue_init(struct attempt_queue *queue)
{
    TAILQ_INIT(&queue->list);
    queue->count = 0;
}

void attempt_queue_add(struct attempt_queue *queue, struct attempt *a)
{
    assert(a->queue == NULL && a->slot == NULL && a->outcome == OUTCOME_INVALID);
    TAILQ_INSERT_TAIL(&queue->list, a, link);
    queue->count++;
    a->queue = queue;
}

static void queue_leave(struct attempt *a)
{
    if (a->queue == NULL)
        return;
    assert(a->queue->count > 0);
    TAILQ_REMOVE(&a->queue->list, a, link);
    a->queue->count--;
    a->queue = NULL;
}

struct attempt *attempt_queue_take(struct attempt_queue *queue)
{
    struct attempt *a = TAILQ_FIRST(&queue->list);

    if (a != NULL)
        queue_leave(a);
    return a;
}

/* ---- running ---- */

bool attempt_accepts(const struct attempt *a, uint32_t layers)
{
    return layer_level(layers) >= a->min_level && (a->required_layers & ~layers) == 0;
}

void attempt_begun(struct attempt *a)
{
    assert(a->started_ns != 0 && !a->begun_due);
    a->begun_due = true;
    TAILQ_INSERT_TAIL(&a->home->begun, a, begun_link);
}

struct attempt *attempts_next_begun(struct attempts *attempts)
{
    struct attempt *a = TAILQ_FIRST(&attempts->begun);

    if (a == NULL)
        return NULL;
    TAILQ_REMOVE(&attempts->begun, a, begun_link);
    a->begun_due = false;
    return a;
}

/* ---- decided ---- */

static void decide(struct attempt *a, enum outcome outcome)
{
    assert(a->outcome == OUTCOME_INVALID && outcome != OUTCOME_INVALID && a->queue == NULL);
    a->outcome = outcome;
    a->slot = NULL;
    TAILQ_INSERT_TAIL(&a->home->done, a, link);
}

void attempt_gave_up(struct attempt *a, enum outcome outcome, const char *reason)
{
    assert(a->outcome == OUTCOME_INVALID);
    if (a->started_ns == 0)
        a->home->counts->attempts_waiting--;
    queue_leave(a);
    a->reason = mem_str(reason);
    decide(a, outcome);
}

/* In the forms that are kept, a number may be longer than it came. */
static bool kept_fits(struct attempt *a, const struct json_read *read)
{
    size_t longer =
        read->canonical.len > read->compact.len ? read->canonical.len : read->compact.len;

    if (longer <= a->reader.output_bytes_max)
        return true;
    a->reason = mem_printf("the output has %zu bytes as it is kept, at most %zu are taken", longer,
                           (size_t)a->reader.output_bytes_max);
    return false;
}

/* What an output is, is decided here once and for all: a strict JSON text, or no output. */
static void output_was_read(void *arg, struct json_read *read)
{
    struct attempt *a = arg;

    assert(a->magic == ATTEMPT_MAGIC && a->reading);
    a->reading = false;
    TAILQ_REMOVE(&a->home->reading, a, link);
    if (read->value == NULL)
        a->reason = mem_printf("the output is not a JSON value: %.900s", read->err.msg);
    a->output = *read;
    *read = (struct json_read){0};
    decide(a, a->output.value != NULL && kept_fits(a, &a->output) ? OUTCOME_OK : OUTCOME_PROTOCOL);
}

static void read_output(struct attempt *a)
{
    const struct buf *output = &a->reader.output;

    a->slot = NULL;
    a->reading = true;
    TAILQ_INSERT_TAIL(&a->home->reading, a, link);
    json_thread_read(a->home->json, &(struct json_order){
                                        .text = buf_text(output),
                                        .len = output->len,
                                        .limits = {a->reader.output_bytes_max, JSON_DEPTH_MAX,
                                                   NODE_OUTPUT_VALUES_MAX},
                                        .texts = true,
                                        .done = output_was_read,
                                        .arg = a,
                                    });
}

void attempt_ended(struct attempt *a, const struct observed *seen)
{
    enum outcome outcome;

    assert(a->started_ns != 0 && a->ended_ns != 0);
    a->seen = *seen;
    a->seen.wall_ns = a->ended_ns - a->started_ns;
    a->seen.stop_asked = a->cancelled;
    a->seen.past_deadline = a->deadline_ns != 0 && a->ended_ns >= a->deadline_ns;
    a->seen.cpu_limit_ns = (int64_t)a->limits.cpu_ms * 1000000;
    outcome = outcome_of(&a->seen);
    if (outcome != OUTCOME_REVOKED) { /* it was faster */
        free(a->reason);
        a->reason = NULL;
    }
    if (outcome == OUTCOME_OK)
        read_output(a);
    else
        decide(a, outcome);
}

struct attempt *attempts_next_done(struct attempts *attempts)
{
    struct attempt *a = TAILQ_FIRST(&attempts->done);

    if (a != NULL)
        TAILQ_REMOVE(&attempts->done, a, link);
    return a;
}
