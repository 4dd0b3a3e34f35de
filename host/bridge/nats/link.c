/* link.c -- see link.h: the loop's side of it. */
#include "bridge/nats/link.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/timers.h"
#include "bridge/nats/thread.h"

#include <uthash.h>

#define MS_NS 1000000LL

struct asked {
    struct timer due;
    uint64_t token;
    nats_answer_fn *fn;
    void *arg;
    UT_hash_handle hh;
};

struct nats_link {
    struct nats_link_options opt;
    struct nats_thread *thread;
    uv_async_t woken;
    uv_timer_t timer;
    unsigned closed;  /* handles */
    uint64_t session; /* 0: none is up */
    uint64_t last_token;
    struct asked *asked;
    struct timers due;
};

static void on_due(uv_timer_t *timer);

static void arm(struct nats_link *l)
{
    int64_t due_ns = timers_due(&l->due), now_ns = clock_mono_ns();

    if (due_ns == TIMER_NEVER)
        uv_timer_stop(&l->timer);
    else
        uv_timer_start(&l->timer, on_due,
                       due_ns <= now_ns ? 0 : (uint64_t)(due_ns - now_ns) / MS_NS + 1, 0);
}

/* ---- answers ---- */

static void forget(struct nats_link *l, struct asked *asked)
{
    timers_set(&l->due, &asked->due, TIMER_NEVER);
    HASH_DEL(l->asked, asked);
    free(asked);
}

/* Forgotten first: who is told may ask again. */
static void tell_once(struct nats_link *l, struct asked *asked, const struct nats_answer *answer)
{
    nats_answer_fn *fn = asked->fn;
    void *arg = asked->arg;

    forget(l, asked);
    fn(arg, answer);
}

static void fail(struct nats_link *l, struct asked *asked, const char *why)
{
    tell_once(l, asked, &(struct nats_answer){.fault = why});
}

static void fail_all(struct nats_link *l, const char *why)
{
    while (l->asked != NULL)
        fail(l, l->asked, why);
}

static void on_due(uv_timer_t *timer)
{
    struct nats_link *l = timer->data;
    int64_t now_ns = clock_mono_ns();

    while (timers_due(&l->due) <= now_ns)
        fail(l, TIMER_OWNER(timers_first(&l->due), struct asked, due), "it does not answer");
    arm(l);
}

static struct asked *find(struct nats_link *l, uint64_t token)
{
    struct asked *asked;

    HASH_FIND(hh, l->asked, &token, sizeof token, asked);
    return asked;
}

static struct nats_answer read_message(natsMsg *msg)
{
    struct nats_answer answer = {.subject = natsMsg_GetSubject(msg),
                                 .reply = natsMsg_GetReply(msg),
                                 .data = natsMsg_GetData(msg),
                                 .bytes = (size_t)natsMsg_GetDataLength(msg)};

    if (natsMsgHeader_Get(msg, "Status", &answer.status) != NATS_OK)
        answer.status = NULL;
    if (natsMsg_IsNoResponders(msg))
        answer.fault = "there is no JetStream, or not this of it";
    return answer;
}

/* It may have been given up already. */
static void answered(struct nats_link *l, const struct nats_event *event)
{
    struct asked *asked = find(l, event->token);
    struct nats_answer answer = read_message(event->msg);

    if (asked != NULL)
        tell_once(l, asked, &answer);
}

static void lost(struct nats_link *l, const struct nats_event *event)
{
    l->session = 0;
    fail_all(l, event->why);
    l->opt.on_lost(l->opt.arg, event->why, event->type == NATS_LOST);
}

static void heard(struct nats_link *l, const struct nats_event *event)
{
    struct asked *asked;
    struct nats_answer message;

    switch (event->type) {
    case NATS_UP:
        l->session = event->session;
        l->opt.on_up(l->opt.arg);
        break;
    case NATS_LOST:
    case NATS_UNUSABLE:
        lost(l, event);
        break;
    case NATS_DELIVERED:
        message = read_message(event->msg);
        l->opt.on_delivered(l->opt.arg, &message);
        break;
    case NATS_ANSWERED:
        answered(l, event);
        break;
    case NATS_REFUSED:
        asked = find(l, event->token);
        if (asked != NULL)
            fail(l, asked, event->why);
    }
}

static void on_woken(uv_async_t *woken)
{
    struct nats_link *l = woken->data;
    struct nats_event_list events;
    struct nats_event *event;

    nats_thread_events(l->thread, &events);
    while ((event = STAILQ_FIRST(&events)) != NULL) {
        STAILQ_REMOVE_HEAD(&events, link);
        heard(l, event);
        nats_event_free(event);
    }
    arm(l);
}

/* ---- what is said ---- */

static bool order(struct nats_link *l, const struct nats_message *m, uint64_t token)
{
    struct nats_order *o;

    if (l->session == 0)
        return false;
    o = mem_new(struct nats_order);
    o->session = l->session;
    o->token = token;
    o->subject = mem_str(m->subject);
    o->id = mem_str(m->id);
    o->data = mem_strn(m->bytes > 0 ? m->data : "", m->bytes);
    o->bytes = m->bytes;
    return nats_thread_order(l->thread, o);
}

bool nats_say(struct nats_link *l, const struct nats_message *message)
{
    return order(l, message, 0);
}

static uint64_t ask(struct nats_link *l, const struct nats_message *message, uint32_t lives_ms,
                    nats_answer_fn *fn, void *arg)
{
    struct asked *asked;

    if (!order(l, message, l->last_token + 1))
        return 0;
    asked = mem_new(struct asked);
    asked->token = ++l->last_token;
    asked->fn = fn;
    asked->arg = arg;
    HASH_ADD(hh, l->asked, token, sizeof asked->token, asked);
    timers_set(&l->due, &asked->due, clock_mono_ns() + lives_ms * MS_NS);
    arm(l);
    return asked->token;
}

bool nats_ask(struct nats_link *l, const struct nats_message *message, nats_answer_fn *fn,
              void *arg)
{
    return ask(l, message, l->opt.timeout_ms, fn, arg) != 0;
}

uint64_t nats_pull(struct nats_link *l, const struct nats_message *message, uint32_t lives_ms,
                   nats_answer_fn *fn, void *arg)
{
    return ask(l, message, lives_ms + l->opt.timeout_ms, fn, arg);
}

void nats_pulled(struct nats_link *l, uint64_t token)
{
    struct asked *asked = find(l, token);

    if (asked != NULL)
        forget(l, asked);
}

bool nats_link_is_up(const struct nats_link *l)
{
    return l->session != 0;
}

/* ---- its life ---- */

static void on_closed(uv_handle_t *handle)
{
    struct nats_link *l = handle->data;

    if (++l->closed == 2)
        free(l);
}

static void close_handles(struct nats_link *l)
{
    uv_close((uv_handle_t *)&l->woken, on_closed);
    uv_close((uv_handle_t *)&l->timer, on_closed);
}

struct nats_link *nats_link_new(uv_loop_t *loop, const struct nats_link_options *options,
                                struct err *e)
{
    struct nats_link *l = mem_new(struct nats_link);

    l->opt = *options;
    uv_async_init(loop, &l->woken, on_woken);
    uv_timer_init(loop, &l->timer);
    l->woken.data = l;
    l->timer.data = l;
    l->thread =
        nats_thread_new(options->url, options->timeout_ms, options->backoff_max_ms, &l->woken, e);
    if (l->thread != NULL)
        return l;
    close_handles(l);
    return NULL;
}

void nats_link_free(struct nats_link *l)
{
    if (l == NULL)
        return;
    nats_thread_free(l->thread);
    l->session = 0;
    fail_all(l, "the bridge ends");
    timers_done(&l->due);
    close_handles(l);
}
