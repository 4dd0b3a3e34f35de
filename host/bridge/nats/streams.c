/* streams.c -- the two streams: made when they are wanted first and are not there, looked at
 * before each look at the queues. See inside.h. */
#include "bridge/nats/inside.h"

#include "base/log.h"

#include <stdio.h>
#include <string.h>

static const struct stream {
    const char *name, *subjects, *retention, *config;
} tasks_stream = {NATS_TASKS_STREAM, NATS_TASKS_SUBJECTS, "workqueue",
                  "{\"name\":\"" NATS_TASKS_STREAM "\",\"subjects\":[\"" NATS_TASKS_SUBJECTS
                  "\"],\"storage\":\"file\",\"retention\":\"workqueue\",\"num_replicas\":1,"
                  "\"discard\":\"new\",\"duplicate_window\":120000000000}"},
  dlq_stream = {NATS_DLQ_STREAM, NATS_DLQ_SUBJECTS, "limits",
                "{\"name\":\"" NATS_DLQ_STREAM "\",\"subjects\":[\"" NATS_DLQ_SUBJECTS
                "\"],\"storage\":\"file\",\"retention\":\"limits\",\"num_replicas\":1,"
                "\"discard\":\"old\",\"duplicate_window\":120000000000}"};

static bool read_stream(const struct stream *stream, const struct nats_answer *a,
                        struct js_stream *ret, int *ret_code, struct err *e)
{
    return a->fault == NULL ? js_read_stream(a->data, a->bytes, stream->subjects, stream->retention,
                                             ret, ret_code, e)
                            : err_set(e, ERR_UNAVAILABLE, "%s", a->fault);
}

/* Until the next look. */
static void unusable(struct nats_tasks *t, const struct err *e)
{
    t->checking = false;
    if (!nats_link_is_up(t->link))
        return; /* that is told */
    if (t->streams || t->told_up || !t->told_lost)
        log_event(LOG_ERROR, "nats.streams_unusable", F_ERR(e));
    t->streams = false;
    t->told_lost = true;
    for (struct nats_lane *lane = t->lanes; lane != NULL; lane = lane->hh.next)
        for (int half = 0; half < 2; half++)
            nats_queue_lost(&lane->queues[half]);
    nats_claims_lost(t);
    nats_tell_state(t, false, e->msg);
}

/* ---- what was in it ---- */

/* first: the least sequence that can be there; 0: the stream is another. */
static void lose_below(struct nats_tasks *t, uint64_t first)
{
    struct nats_entry *entry, *next;

    HASH_ITER(hh, t->entries, entry, next)
    {
        if (first == 0 || entry->sequence < first)
            nats_entry_gone(entry);
    }
}

static void compare(struct nats_tasks *t, const struct js_stream *now)
{
    if (t->stream.created[0] != '\0' && strcmp(t->stream.created, now->created) != 0) {
        log_event(LOG_WARN, "nats.stream_anew", F_STR("stream", NATS_TASKS_STREAM),
                  F_STR("created", now->created));
        nats_jobs_void(t);
        lose_below(t, 0);
        for (struct nats_lane *lane = t->lanes; lane != NULL; lane = lane->hh.next)
            for (int half = 0; half < 2; half++)
                nats_queue_afresh(&lane->queues[half]);
    } else {
        lose_below(t, now->first_sequence);
    }
    t->stream = *now;
    t->missed = false;
}

/* ---- one behind the other ---- */

static void both_there(struct nats_tasks *t)
{
    t->checking = false;
    t->streams = true;
    t->told_lost = false;
    nats_tell_state(t, true, "");
    nats_jobs_again(t);
    for (struct nats_lane *lane = t->lanes; lane != NULL; lane = lane->hh.next)
        for (int half = 0; half < 2; half++)
            nats_queue_look(&lane->queues[half]);
}

static void ask(struct nats_tasks *t, const struct stream *stream, bool make, nats_answer_fn *fn)
{
    if (!nats_ask_api(t, fn, t, make ? stream->config : "", "STREAM.%s.%s",
                      make ? "CREATE" : "INFO", stream->name))
        t->checking = false;
}

static void on_dlq_made(void *arg, const struct nats_answer *a)
{
    struct nats_tasks *t = arg;
    struct js_stream got;
    struct err e = {0};

    if (read_stream(&dlq_stream, a, &got, NULL, &e))
        both_there(t);
    else
        unusable(t, &e);
}

static void on_dlq(void *arg, const struct nats_answer *a)
{
    struct nats_tasks *t = arg;
    struct js_stream got;
    struct err e = {0};
    int code = 0;

    if (read_stream(&dlq_stream, a, &got, &code, &e))
        both_there(t);
    else if (code == JS_STREAM_NOT_FOUND)
        ask(t, &dlq_stream, true, on_dlq_made);
    else
        unusable(t, &e);
}

static void on_tasks_made(void *arg, const struct nats_answer *a)
{
    struct nats_tasks *t = arg;
    struct js_stream got;
    struct err e = {0};

    if (!read_stream(&tasks_stream, a, &got, NULL, &e)) {
        unusable(t, &e);
        return;
    }
    compare(t, &got);
    ask(t, &dlq_stream, false, on_dlq);
}

/* One that was there and is gone is made at the next look: a server that still removes its files
 * (2.9) would remove those of the new one. */
static void on_tasks(void *arg, const struct nats_answer *a)
{
    struct nats_tasks *t = arg;
    struct js_stream got;
    struct err e = {0};
    int code = 0;

    if (read_stream(&tasks_stream, a, &got, &code, &e)) {
        compare(t, &got);
        ask(t, &dlq_stream, false, on_dlq);
    } else if (code == JS_STREAM_NOT_FOUND && t->stream.created[0] != '\0' && !t->missed) {
        t->missed = true;
        t->checking = false;
    } else if (code == JS_STREAM_NOT_FOUND) {
        ask(t, &tasks_stream, true, on_tasks_made);
    } else {
        unusable(t, &e);
    }
}

void nats_streams_check(struct nats_tasks *t)
{
    if (t->checking)
        return;
    t->checking = true;
    ask(t, &tasks_stream, false, on_tasks);
}
