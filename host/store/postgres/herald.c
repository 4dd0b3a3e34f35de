/* herald.c -- see herald.h. */
#include "store/postgres/herald.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/thread.h"
#include "store/postgres/breaker.h"
#include "store/postgres/bulletin.h"
#include "store/postgres/line.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define MS_NS (1000LL * 1000)
#define GATHER_NS (5 * MS_NS)
#define DEAF_NS (1000 * MS_NS) /* from look to look while nothing is heard */
#define BEAT_NS (5000 * MS_NS) /* while all goes well */
#define FIRST_BEAT_NS (50 * MS_NS)
enum { PAUSE_FAILURES_MAX = 4 }; /* within a second: each try is a look */

static const struct store_news missed = {.kind = STORE_NEWS_MISSED};

struct herald {
    char *url, *schema;
    pthread_t thread;
    int wake_fd, end_fd;
    atomic_bool others; /* another host is heard of: what is durable is told */

    pthread_mutex_t lock; /* of everything down to the next blank line */
    struct news_set out;  /* to be told */
    struct inbox *inbox;  /* NULL: nobody listens */
    bool closing;

    struct line *line; /* the thread's, as is what follows; NULL: no connection */
    int64_t told_ns, beat_due_ns;
    bool met;          /* another host, while they were counted */
    bool heard;        /* what was told on this connection came back on it */
    unsigned failures; /* in a row */
};

/* ---- any thread ---- */

static void add_locked(struct herald *h, const struct store_news *news)
{
    if (h->out.items == NULL)
        eventfd_write(h->wake_fd, 1);
    news_add(&h->out, news);
}

void herald_tell(struct herald *h, const struct store_news *news)
{
    if (!atomic_load(&h->others))
        return;
    pthread_mutex_lock(&h->lock);
    add_locked(h, news);
    pthread_mutex_unlock(&h->lock);
}

/* What an operation is to the other hosts; a kind that is not here is nothing to them. */
static const struct about {
    bool is;
    struct store_news news;
} about[OP_COUNT] = {
#define KNOWN(what)                                                                                \
    {                                                                                              \
        true,                                                                                      \
        {                                                                                          \
            STORE_NEWS_KNOWN, NULL, STORE_KNOWN_##what                                             \
        }                                                                                          \
    }
    [OP_RUN_RELEASE] = {true, {.kind = STORE_NEWS_FREE}},
    [OP_ORDER_PUT] = {true, {.kind = STORE_NEWS_ORDERS}},
    [OP_DAG_PUT] = KNOWN(DAGS),
    [OP_DAG_SET_ENABLED] = KNOWN(DAGS),
    [OP_DAG_DELETE] = KNOWN(DAGS),
    [OP_PLUGIN_PUT] = KNOWN(PLUGINS),
    [OP_PLUGIN_DELETE] = KNOWN(PLUGINS),
    [OP_BUNDLE_PUT] = KNOWN(PLUGINS),
    [OP_BUNDLE_REMOVE] = KNOWN(PLUGINS),
    [OP_BUNDLE_RELEASE] = KNOWN(PLUGINS),
    [OP_TOKEN_REVOKE] = KNOWN(TOKENS),
    [OP_TENANT_PUT] = KNOWN(TENANTS),
    [OP_LANE_PUT] = KNOWN(LANES),
    [OP_QUOTA_PUT] = KNOWN(QUOTAS),
    [OP_QUOTA_CHANGE] = KNOWN(QUOTAS),
    [OP_QUOTA_DELETE] = KNOWN(QUOTAS),
    [OP_GATE_PUT] = KNOWN(GATES),
    [OP_GATE_END] = KNOWN(GATES),
#undef KNOWN
};

static void note_batch(struct herald *h, const struct store_batch *b)
{
    if (b->last_event > 0)
        add_locked(h, &(struct store_news){STORE_NEWS_EVENTS, b->tenant, b->last_event});
    for (const struct op *op = b->first; op != NULL; op = op->next) {
        if (about[op->kind].is)
            add_locked(h, &about[op->kind].news);
    }
}

void herald_note(struct herald *h, struct store_batch *const batches[], size_t count)
{
    if (h == NULL || !atomic_load(&h->others))
        return;
    pthread_mutex_lock(&h->lock);
    for (size_t i = 0; i < count; i++) {
        if (batches[i]->err == NULL)
            note_batch(h, batches[i]);
    }
    pthread_mutex_unlock(&h->lock);
}

/* Whatever came before is worth a look. */
void herald_listen(struct herald *h, struct inbox *inbox)
{
    pthread_mutex_lock(&h->lock);
    h->inbox = inbox;
    pthread_mutex_unlock(&h->lock);
    eventfd_write(h->wake_fd, 1);
}

/* ---- the thread: what is heard ---- */

static void put(void *arg, const struct store_news *news)
{
    struct herald *h = arg;

    pthread_mutex_lock(&h->lock);
    if (h->inbox != NULL)
        inbox_put(h->inbox, news);
    pthread_mutex_unlock(&h->lock);
}

void herald_hear(struct herald *h, const struct store_news *news)
{
    put(h, news);
}

/* A host that was not there tells so (a new connection tells MISSED): it has heard nothing of what
 * became durable until now. */
static void meet_others(struct herald *h)
{
    h->met = true;
    if (!atomic_exchange(&h->others, true))
        herald_tell(h, &missed);
}

static void hear(void *arg, const char *payload, bool own)
{
    struct herald *h = arg;
    struct news_set heard = {0};

    h->heard = h->heard || own;
    if (own)
        return;
    meet_others(h);
    if (!bulletin_read(payload, &heard, NULL))
        news_add(&heard, &missed); /* a newer host's, or a stranger's */
    news_deliver(&heard, put, h);
}

/* ---- the thread: what is told ---- */

struct telling {
    struct herald *herald;
    struct buf payload;
    bool ok;
    struct err *e;
};

static void tell_payload(struct telling *t)
{
    if (t->ok && t->payload.len > 0)
        t->ok = line_tell(t->herald->line, buf_text(&t->payload), t->e);
    buf_clear(&t->payload);
}

static void tell_news(void *arg, const struct store_news *news)
{
    struct telling *t = arg;

    if (bulletin_add(&t->payload, news))
        return;
    tell_payload(t);
    if (!bulletin_add(&t->payload, news))
        t->ok = err_set(t->e, ERR_TOO_LARGE, "news of a tenant with a long name");
}

/* What fails is told as MISSED with the next connection. */
static bool tell_all(struct herald *h, struct err *e)
{
    struct telling t = {.herald = h, .ok = true, .e = e};
    struct news_set out;

    pthread_mutex_lock(&h->lock);
    out = h->out;
    h->out = (struct news_set){0};
    pthread_mutex_unlock(&h->lock);
    h->told_ns = clock_mono_ns();
    news_deliver(&out, tell_news, &t);
    tell_payload(&t);
    buf_done(&t.payload);
    return t.ok;
}

static void release(struct herald *h)
{
    news_set_done(&h->out);
    pthread_mutex_destroy(&h->lock);
    close(h->wake_fd);
    close(h->end_fd);
    free(h->url);
    free(h->schema);
    free(h);
}

/* ---- the thread: its days ---- */

struct duties {
    bool listens, tells, ends;
};

static struct duties duties_of(struct herald *h)
{
    struct duties d;

    pthread_mutex_lock(&h->lock);
    d = (struct duties){h->inbox != NULL, h->out.items != NULL, h->closing};
    pthread_mutex_unlock(&h->lock);
    return d;
}

/* Whoever died between a commit and its notification is not heard of, and neither is anybody where
 * notifications are lost on their way: so there is a look without any. */
static bool beat(struct herald *h, struct err *e)
{
    bool others = false;

    h->met = false;
    if (!line_has_others(h->line, &others, e))
        return false;
    if (others)
        meet_others(h);
    if (h->met || !h->heard)
        put(h, &missed);
    atomic_store(&h->others, h->met);
    h->beat_due_ns = clock_mono_ns() + (h->heard ? BEAT_NS : DEAF_NS);
    return true;
}

static bool open_line(struct herald *h, struct err *e)
{
    const struct line_options options = {h->url, h->schema, h->wake_fd, h->end_fd, hear, h};

    if (!line_open(&options, &h->line, e))
        return false;
    h->heard = false;
    h->failures = 0;
    h->beat_due_ns = clock_mono_ns() + FIRST_BEAT_NS;
    atomic_store(&h->others, true); /* until they are counted */
    herald_tell(h, &missed);
    put(h, &missed);
    return true;
}

/* What is due, then until something comes. */
static bool follow(struct herald *h, const struct duties *d, struct err *e)
{
    int64_t now = clock_mono_ns(), tell_due = h->told_ns + GATHER_NS;

    if (d->tells && now >= tell_due)
        return tell_all(h, e);
    if (now >= h->beat_due_ns)
        return beat(h, e);
    return line_wait(h->line, d->tells && tell_due < h->beat_due_ns ? tell_due : h->beat_due_ns, e);
}

static void wait_to_listen(struct herald *h)
{
    struct pollfd p = {h->wake_fd, POLLIN, 0};
    eventfd_t seen;

    if (poll(&p, 1, -1) > 0)
        (void)eventfd_read(h->wake_fd, &seen);
}

/* The end ends it. */
static void pause_before_next(struct herald *h)
{
    struct pollfd p = {h->end_fd, POLLIN, 0};
    unsigned failures = h->failures < PAUSE_FAILURES_MAX ? h->failures : PAUSE_FAILURES_MAX;

    (void)!poll(&p, 1, (int)breaker_pause_ms(failures));
    h->failures++;
}

/* Nothing is heard meanwhile, so each try is a look. */
static void hang_up(struct herald *h)
{
    line_free(take(h->line));
    put(h, &missed);
    pause_before_next(h);
}

static void *herald_main(void *arg)
{
    struct herald *h = arg;
    struct duties d = duties_of(h);

    for (; !d.ends; d = duties_of(h)) {
        struct err e = {0};

        if (h->line == NULL && !d.listens)
            wait_to_listen(h);
        else if (h->line == NULL ? !open_line(h, &e) : !follow(h, &d, &e))
            hang_up(h);
    }
    if (h->line != NULL && d.tells)
        (void)!tell_all(h, NULL);
    line_free(h->line);
    return NULL;
}

/* ---- the store's ---- */

bool herald_start(const char *url, const char *schema, struct herald **ret, struct err *e)
{
    auto_fd wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    auto_fd end_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct herald *h;
    int rc;

    if (wake_fd < 0 || end_fd < 0)
        return err_sys(e, "eventfd");
    h = mem_new(struct herald);
    h->url = mem_str(url);
    h->schema = mem_str(schema);
    h->wake_fd = take_fd(&wake_fd);
    h->end_fd = take_fd(&end_fd);
    pthread_mutex_init(&h->lock, NULL);
    rc = thread_start(&h->thread, herald_main, h);
    if (rc != 0) {
        release(h);
        errno = rc;
        return err_sys(e, "start the herald's thread");
    }
    *ret = h;
    return true;
}

void herald_free(struct herald *h)
{
    if (h == NULL)
        return;
    pthread_mutex_lock(&h->lock);
    h->closing = true;
    pthread_mutex_unlock(&h->lock);
    eventfd_write(h->end_fd, 1);
    eventfd_write(h->wake_fd, 1);
    pthread_join(h->thread, NULL);
    release(h);
}
