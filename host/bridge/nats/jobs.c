/* jobs.c -- messages that leave the stream, and letters that go to the dead. See inside.h.
 *
 *   a letter         published first, with an id of its own, so that a second try is none more
 *   was delivered    acknowledged, and the server says so
 *   was not          deleted: nobody else has it to do
 *
 * Three tries; then the host is told 0, and it is tried again at each look. */
#include "bridge/nats/body.h"
#include "bridge/nats/inside.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { LETTERS_BYTES_MAX = 64 * 1024 * 1024 };

enum job_place { JOB_ASKED, JOB_RESTS, JOB_WAITS };

struct nats_job {
    struct nats_tasks *t;
    struct bridge_queue queue;
    uint64_t sequence; /* 0: it is a letter alone */
    char *reply;       /* NULL: not delivered to us */
    struct buf letter; /* while it has to be written */
    char *letter_subject, *letter_id;
    uint32_t tries;
    enum job_place place;
    int64_t rests_until_ns;
    bool told, is_void;
    TAILQ_ENTRY(nats_job) link, of_resting;
    UT_hash_handle hh;
};

static struct nats_job *find(const struct nats_tasks *t, uint64_t sequence)
{
    struct nats_job *job;

    HASH_FIND(hh, t->jobs_by_sequence, &sequence, sizeof sequence, job);
    return job;
}

bool nats_job_has(const struct nats_tasks *t, uint64_t sequence)
{
    return find(t, sequence) != NULL;
}

static void written(struct nats_job *job)
{
    job->t->letters_bytes -= job->letter.len;
    buf_done(&job->letter);
    job->letter = (struct buf){0};
}

static void unrest(struct nats_job *job)
{
    if (job->place == JOB_RESTS)
        TAILQ_REMOVE(&job->t->resting, job, of_resting);
    job->place = JOB_WAITS;
}

static void job_free(struct nats_job *job)
{
    unrest(job);
    written(job);
    if (job->sequence != 0)
        HASH_DELETE(hh, job->t->jobs_by_sequence, job);
    TAILQ_REMOVE(&job->t->jobs, job, link);
    free(job->reply);
    free(job->letter_subject);
    free(job->letter_id);
    free(job);
}

static void tell(struct nats_job *job, uint32_t tries)
{
    if (!job->told && job->sequence != 0)
        nats_tell_counted(job->t, BRIDGE_ACKED, &job->queue, job->sequence, tries);
    job->told = true;
}

/* ---- one try ---- */

static void go(struct nats_job *job);

static void failed(struct nats_job *job, const char *why)
{
    struct nats_tasks *t = job->t;

    if (job->tries < NATS_ACK_TRIES && nats_link_is_up(t->link)) {
        job->place = JOB_RESTS;
        job->rests_until_ns = clock_mono_ns() + t->setup.ack_retry_ms * MS_NS;
        TAILQ_INSERT_TAIL(&t->resting, job, of_resting);
        nats_tick(t);
        return;
    }
    job->place = JOB_WAITS;
    if (!job->told && !t->ending)
        log_event(LOG_WARN, job->letter.len > 0 ? "nats.letter_waits" : "nats.ack_failed",
                  F_STR("lane", job->queue.lane), F_INT("sequence", job->sequence),
                  F_STR("error", why));
    tell(job, 0);
}

static void on_done(void *arg, const struct nats_answer *a)
{
    struct nats_job *job = arg;
    struct err e = {0};
    bool acked = job->reply != NULL;

    if (job->is_void || (a->fault == NULL && (acked || js_read_deleted(a->data, a->bytes, &e)))) {
        tell(job, job->tries);
        job_free(job);
    } else {
        failed(job, a->fault != NULL ? a->fault : e.msg);
    }
}

static void on_written(void *arg, const struct nats_answer *a)
{
    struct nats_job *job = arg;
    struct js_stored stored;
    struct err e = {0};

    if (a->fault != NULL || !js_read_stored(a->data, a->bytes, &stored, &e)) {
        failed(job, a->fault != NULL ? a->fault : e.msg);
        return;
    }
    written(job);
    job->tries = 0;
    job->place = JOB_WAITS;
    if (job->sequence == 0 || job->is_void)
        job_free(job);
    else
        go(job);
}

static bool ask(struct nats_job *job)
{
    char body[64];

    if (job->letter.len > 0)
        return nats_ask(job->t->link,
                        &(struct nats_message){job->letter_subject, job->letter_id,
                                               job->letter.data, job->letter.len},
                        on_written, job);
    if (job->reply != NULL)
        return nats_ask(job->t->link, &(struct nats_message){job->reply, NULL, "+ACK", 4}, on_done,
                        job);
    snprintf(body, sizeof body, "{\"seq\":%" PRIu64 ",\"no_erase\":true}", job->sequence);
    return nats_ask_api(job->t, on_done, job, body, "STREAM.MSG.DELETE.%s", NATS_TASKS_STREAM);
}

static void go(struct nats_job *job)
{
    job->tries++;
    job->place = JOB_ASKED;
    if (!ask(job))
        failed(job, "there is no connection");
}

/* ---- all of them ---- */

void nats_job_delivered(struct nats_tasks *t, uint64_t sequence, const char *reply)
{
    struct nats_job *job = find(t, sequence);

    if (job == NULL || job->place == JOB_ASKED)
        return;
    free(job->reply);
    job->reply = mem_str(reply);
}

static void set_letter(struct nats_job *job, const struct bridge_task *letter)
{
    struct buf subject = {0};

    nats_add_dlq_subject(&subject, job->queue.lane);
    job->letter_subject = buf_take(&subject);
    job->letter_id = mem_printf("%s:%s:%s", letter->entry.id, letter->task_id, letter->failed_at);
    for (char *c = job->letter_id; *c != '\0'; c++)
        if (*c < ' ')
            *c = ' '; /* it is a header's */
    nats_add_letter(&job->letter, letter);
    job->t->letters_bytes += job->letter.len;
    if (job->t->letters_bytes <= LETTERS_BYTES_MAX)
        return;
    log_event(LOG_ERROR, "nats.letter_lost", F_STR("lane", job->queue.lane),
              F_STR("task_id", letter->task_id));
    written(job);
}

/* Whoever was to acknowledge it is told by its entry. */
static void take_entry(struct nats_job *job)
{
    struct nats_entry *entry = nats_entry_find(job->t, job->sequence);
    struct nats_queue *q;

    if (entry == NULL)
        return;
    q = entry->queue;
    job->reply = take(entry->reply);
    nats_entry_free(entry);
    nats_queue_go_on(q);
}

void nats_job_begin(struct nats_tasks *t, const struct bridge_queue *queue, uint64_t sequence,
                    const struct bridge_task *letter, bool silent)
{
    struct nats_job *job;

    if (sequence != 0 && find(t, sequence) != NULL)
        return;
    job = mem_new(struct nats_job);
    job->t = t;
    job->queue = *queue;
    job->sequence = sequence;
    job->told = silent;
    job->place = JOB_WAITS;
    TAILQ_INSERT_TAIL(&t->jobs, job, link);
    if (sequence != 0)
        HASH_ADD(hh, t->jobs_by_sequence, sequence, sizeof job->sequence, job);
    if (letter != NULL)
        set_letter(job, letter);
    take_entry(job);
    if (sequence == 0 && job->letter.len == 0)
        job_free(job);
    else
        go(job);
}

void nats_jobs_again(struct nats_tasks *t)
{
    struct nats_job *job, *next;

    for (job = TAILQ_FIRST(&t->jobs); job != NULL; job = next) {
        next = TAILQ_NEXT(job, link);
        if (job->place != JOB_WAITS)
            continue;
        job->tries = 0;
        go(job);
    }
}

void nats_jobs_look(struct nats_tasks *t, int64_t now_ns)
{
    struct nats_job *job;

    while ((job = TAILQ_FIRST(&t->resting)) != NULL && job->rests_until_ns <= now_ns) {
        unrest(job);
        go(job);
    }
}

void nats_jobs_void(struct nats_tasks *t)
{
    struct nats_job *job, *next;

    for (job = TAILQ_FIRST(&t->jobs); job != NULL; job = next) {
        next = TAILQ_NEXT(job, link);
        job->is_void = true;
        if (job->place == JOB_ASKED || job->letter.len > 0)
            continue;
        tell(job, job->tries > 0 ? job->tries : 1);
        job_free(job);
    }
}

/* Nothing is awaited any more. */
void nats_jobs_free(struct nats_tasks *t)
{
    while (!TAILQ_EMPTY(&t->jobs))
        job_free(TAILQ_FIRST(&t->jobs));
}
