/* reader.c -- see reader.h. */
#include "bridge/redis/reader.h"

#include "base/log.h"
#include "base/mem.h"
#include "bridge/redis/pass.h"

#include <stdio.h>
#include <string.h>

enum { PAGE_BYTES = 4 * 1024 * 1024, REST_MS = 1000 };

struct reader {
    uv_loop_t *loop;
    struct redis_tasks *of;
    struct redis_options options;
    struct redis *redis; /* NULL: no queue was there yet */
    bool up;
    bool asking;
    bool unblocking;
    int64_t id;     /* of the connection, as Redis knows it; 0: unknown */
    unsigned count; /* entries of a stream: few where they are large */
    uv_timer_t rest;
};

static void ask(struct reader *r);

static void on_rested(uv_timer_t *timer)
{
    reader_wake(timer->data);
}

/* ---- what came ---- */

static struct redis_queue *queue_of(struct redis_tasks *of, const struct page *page)
{
    struct redis_queue *q;

    HASH_FIND(hh, of->queues, page->key, page->key_bytes, q);
    return q;
}

static size_t bytes_of(const redisReply *reply)
{
    size_t bytes = reply->type == REDIS_REPLY_STRING ? (size_t)reply->len : 0;

    for (size_t i = 0; reply->type == REDIS_REPLY_ARRAY && i < reply->elements; i++)
        bytes += bytes_of(reply->element[i]);
    return bytes;
}

/* One that had a pass since it was asked for is not where the answer begins. */
static void take_streams(struct reader *r, const redisReply *reply)
{
    struct page page;

    for (size_t i = 0; i < page_streams(reply); i++) {
        struct redis_queue *q = page_of_stream(reply, i, &page) ? queue_of(r->of, &page) : NULL;

        if (q != NULL && q->asked && pass_follows(q))
            (void)!pass_take_page(q, &page);
    }
    r->count = bytes_of(reply) > PAGE_BYTES ? 1 : QUEUE_PAGE_ENTRIES;
}

static void on_streams(void *arg, const redisReply *reply)
{
    struct reader *r = arg;

    r->asking = false;
    if (reply != NULL && r->of->redis != NULL)
        take_streams(r, reply);
    for (struct redis_queue *q = r->of->queues; q != NULL; q = q->hh.next)
        q->asked = false;
    if (reply != NULL && reply->type == REDIS_REPLY_ERROR) {
        log_event(LOG_WARN, "lane.streams_unread", F_STR("error", reply->str));
        uv_timer_start(&r->rest, on_rested, REST_MS, 0);
        return;
    }
    ask(r);
}

/* ---- what is asked ---- */

struct words {
    const char **word;
    size_t *bytes;
    struct stream_id_text *after;
    int n;
};

static void auto_words_done(struct words *w)
{
    free(w->word);
    free(w->bytes);
    free(w->after);
}

static void add_word(struct words *w, const char *word)
{
    w->word[w->n] = word;
    w->bytes[w->n++] = strlen(word);
}

/* How many streams it asks for. */
static int put(struct reader *r, struct words *w)
{
    int streams = 0;

    for (struct redis_queue *q = r->of->queues; q != NULL; q = q->hh.next) {
        q->asked = pass_follows(q);
        if (!q->asked)
            continue;
        w->after[streams++] = stream_id_text(q->cursor);
        add_word(w, q->key);
    }
    for (int i = 0; i < streams; i++)
        add_word(w, w->after[i].text);
    return streams;
}

static void ask(struct reader *r)
{
    size_t queues = HASH_COUNT(r->of->queues);
    __attribute__((cleanup(auto_words_done))) struct words w = {0};
    char count[16], block[16];

    if (r->asking || !r->up || r->of->redis == NULL || uv_is_active((uv_handle_t *)&r->rest) ||
        !pass_has_room(r->of))
        return;
    w.word = mem_array(2 * queues + 6, const char *);
    w.bytes = mem_array(2 * queues + 6, size_t);
    w.after = mem_array(queues, struct stream_id_text);
    snprintf(count, sizeof count, "%u", r->count);
    snprintf(block, sizeof block, "%u", r->of->block_ms);
    add_word(&w, "XREAD");
    add_word(&w, "COUNT");
    add_word(&w, count);
    add_word(&w, "BLOCK");
    add_word(&w, block);
    add_word(&w, "STREAMS");
    if (put(r, &w) > 0)
        r->asking = redis_command(r->redis, w.n, w.word, w.bytes, on_streams, r);
}

static void on_unblocked(void *arg, const redisReply *reply unused_arg)
{
    ((struct reader *)arg)->unblocking = false;
}

void reader_wake(struct reader *r)
{
    if (r->redis == NULL && r->of->queues != NULL)
        r->redis = redis_new(r->loop, &r->options);
    if (!r->asking)
        ask(r);
    else if (r->id != 0 && !r->unblocking)
        r->unblocking =
            redis_commandf(r->of->redis, on_unblocked, r, "CLIENT UNBLOCK %lld", (long long)r->id);
}

/* ---- its connection ---- */

static void on_id(void *arg, const redisReply *reply)
{
    struct reader *r = arg;

    if (reply != NULL && reply->type == REDIS_REPLY_INTEGER)
        r->id = reply->integer;
}

static void on_up(void *arg)
{
    struct reader *r = arg;

    r->up = true;
    r->count = QUEUE_PAGE_ENTRIES;
    if (redis_commandf(r->redis, on_id, r, "CLIENT ID"))
        ask(r);
}

static void on_lost(void *arg, const char *why unused_arg)
{
    struct reader *r = arg;

    r->up = false;
    r->id = 0;
}

struct reader *reader_new(uv_loop_t *loop, struct redis_tasks *of,
                          const struct redis_options *options)
{
    struct reader *r = mem_new(struct reader);

    r->loop = loop;
    r->of = of;
    r->options = *options;
    r->options.on_up = on_up;
    r->options.on_lost = on_lost;
    r->options.arg = r;
    r->options.timeout_ms += of->block_ms;
    uv_timer_init(loop, &r->rest);
    r->rest.data = r;
    return r;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void reader_free(struct reader *r)
{
    r->up = false;
    redis_free(r->redis);
    uv_close((uv_handle_t *)&r->rest, on_closed);
}
