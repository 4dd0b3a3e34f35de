/* thread.c -- see thread.h.
 *
 * libnats' own way to connect again is not used: it keeps what was published meanwhile and sends it
 * later, when the loop has long said that it failed. Each connection is a session: made, used until
 * it is closed, and forgotten. */
#include "bridge/nats/thread.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define MS_NS 1000000LL
enum { BACKOFF_MIN_MS = 100, ORDER_BYTES = sizeof(struct nats_order) + 64 };

STAILQ_HEAD(order_list, nats_order);

struct nats_thread {
    pthread_t thread;
    uv_async_t *woken;
    const char *url;
    uint32_t timeout_ms, backoff_max_ms;

    pthread_mutex_t lock; /* of all below */
    pthread_cond_t changed;
    struct order_list orders;
    size_t orders_bytes;
    struct nats_event_list events;
    natsConnection *nc; /* made and destroyed by the thread; NULL: none */
    bool cut, stopping;

    char inbox[64];   /* '.' and a token behind it; chosen before anybody reads it */
    uint64_t session; /* the thread's */
};

void nats_order_free(struct nats_order *order)
{
    free(order->subject);
    free(order->id);
    free(order->data);
    free(order);
}

void nats_event_free(struct nats_event *event)
{
    natsMsg_Destroy(event->msg);
    free(event);
}

/* ---- to the loop ---- */

/* Once it is stopping nobody hears. */
static void tell(struct nats_thread *t, const struct nats_event *what)
{
    struct nats_event *event = mem_dup(what, sizeof *what);
    bool stopping;

    pthread_mutex_lock(&t->lock);
    stopping = t->stopping;
    if (!stopping) {
        STAILQ_INSERT_TAIL(&t->events, event, link);
        uv_async_send(t->woken);
    }
    pthread_mutex_unlock(&t->lock);
    if (stopping)
        nats_event_free(event);
}

static void tell_why(struct nats_thread *t, enum nats_event_type type, uint64_t token,
                     const char *why)
{
    struct nats_event event = {.type = type, .token = token};

    snprintf(event.why, sizeof event.why, "%s", why);
    tell(t, &event);
}

void nats_thread_events(struct nats_thread *t, struct nats_event_list *ret)
{
    STAILQ_INIT(ret);
    pthread_mutex_lock(&t->lock);
    STAILQ_CONCAT(ret, &t->events);
    pthread_mutex_unlock(&t->lock);
}

/* ---- on libnats' threads ---- */

/* What was pulled has the subject that it was added under, and no token. */
static void on_message(natsConnection *nc unused_arg, natsSubscription *sub unused_arg,
                       natsMsg *msg, void *closure)
{
    struct nats_thread *t = closure;
    const char *subject = natsMsg_GetSubject(msg);
    size_t before = strlen(t->inbox);
    struct nats_event event = {.type = NATS_DELIVERED, .msg = msg};

    if (strncmp(subject, t->inbox, before) == 0 && subject[before] == '.') {
        event.type = NATS_ANSWERED;
        event.token = strtoull(subject + before + 1, NULL, 10);
    }
    tell(t, &event);
}

static void on_closed(natsConnection *nc, void *closure)
{
    struct nats_thread *t = closure;

    pthread_mutex_lock(&t->lock);
    if (nc == t->nc)
        t->cut = true;
    pthread_cond_signal(&t->changed);
    pthread_mutex_unlock(&t->lock);
}

/* Its own writes to standard error. */
static void on_error(natsConnection *nc unused_arg, natsSubscription *sub unused_arg,
                     natsStatus err unused_arg, void *closure unused_arg)
{
}

/* ---- orders ---- */

bool nats_thread_order(struct nats_thread *t, struct nats_order *order)
{
    size_t bytes = order->bytes + ORDER_BYTES;
    bool room;

    pthread_mutex_lock(&t->lock);
    room = t->orders_bytes + bytes <= NATS_ORDERS_BYTES_MAX;
    if (room) {
        t->orders_bytes += bytes;
        STAILQ_INSERT_TAIL(&t->orders, order, link);
        pthread_cond_signal(&t->changed);
    }
    pthread_mutex_unlock(&t->lock);
    if (!room)
        nats_order_free(order);
    return room;
}

/* NULL: the connection is lost, or there is no more to do. */
static struct nats_order *next_order(struct nats_thread *t)
{
    struct nats_order *order = NULL;

    pthread_mutex_lock(&t->lock);
    while (STAILQ_EMPTY(&t->orders) && !t->cut && !t->stopping)
        pthread_cond_wait(&t->changed, &t->lock);
    if (!t->cut && !t->stopping) {
        order = STAILQ_FIRST(&t->orders);
        STAILQ_REMOVE_HEAD(&t->orders, link);
        t->orders_bytes -= order->bytes + ORDER_BYTES;
    }
    pthread_mutex_unlock(&t->lock);
    return order;
}

static natsStatus publish(struct nats_thread *t, const struct nats_order *order)
{
    char reply[sizeof t->inbox + 24];
    natsMsg *msg = NULL;
    natsStatus s;

    snprintf(reply, sizeof reply, "%s.%llu", t->inbox, (unsigned long long)order->token);
    s = natsMsg_Create(&msg, order->subject, order->token != 0 ? reply : NULL, order->data,
                       (int)order->bytes);
    if (s == NATS_OK && order->id != NULL)
        s = natsMsgHeader_Set(msg, "Nats-Msg-Id", order->id);
    if (s == NATS_OK)
        s = natsConnection_PublishMsg(t->nc, msg);
    natsMsg_Destroy(msg);
    return s;
}

static void obey(struct nats_thread *t)
{
    struct nats_order *order;

    while ((order = next_order(t)) != NULL) {
        natsStatus s = order->session == t->session ? publish(t, order) : NATS_OK;

        if (s != NATS_OK && order->token != 0)
            tell_why(t, NATS_REFUSED, order->token, natsStatus_GetText(s));
        nats_order_free(order);
    }
}

/* ---- a connection ---- */

static natsStatus set_options(struct nats_thread *t, natsOptions *o)
{
    natsStatus s = natsOptions_SetURL(o, t->url);
    int64_t ping_ms = t->timeout_ms / 2 > 0 ? t->timeout_ms / 2 : 1;

    if (s != NATS_OK)
        return s;
    (void)natsOptions_SetName(o, "orch-bridge");
    (void)natsOptions_SetAllowReconnect(o, false);
    (void)natsOptions_SetTimeout(o, t->timeout_ms);
    (void)natsOptions_SetWriteDeadline(o, t->timeout_ms);
    (void)natsOptions_SetPingInterval(o, ping_ms);
    (void)natsOptions_SetMaxPingsOut(o, 1);
    (void)natsOptions_SetSendAsap(o, true);
    (void)natsOptions_SetErrorHandler(o, on_error, NULL);
    return natsOptions_SetClosedCB(o, on_closed, t);
}

static natsStatus subscribe(struct nats_thread *t, natsConnection *nc, natsSubscription **ret)
{
    char subject[sizeof t->inbox + 2];
    natsStatus s;

    snprintf(subject, sizeof subject, "%s.*", t->inbox);
    s = natsConnection_Subscribe(ret, nc, subject, on_message, t);
    if (s == NATS_OK)
        s = natsSubscription_SetPendingLimits(*ret, -1, -1); /* no more than is asked for */
    return s;
}

/* One for all sessions: a late message of one is read while the next is made. */
static natsStatus choose_inbox(struct nats_thread *t)
{
    natsInbox *inbox = NULL;
    natsStatus s = natsInbox_Create(&inbox);

    if (s == NATS_OK)
        snprintf(t->inbox, sizeof t->inbox, "%s", inbox);
    natsInbox_Destroy(inbox);
    return s;
}

/* True while it lives. */
static bool adopt(struct nats_thread *t, natsConnection *nc)
{
    pthread_mutex_lock(&t->lock);
    t->nc = nc;
    t->cut = natsConnection_IsClosed(nc);
    pthread_mutex_unlock(&t->lock);
    return !t->cut;
}

static void disown(struct nats_thread *t)
{
    pthread_mutex_lock(&t->lock);
    t->nc = NULL;
    t->cut = false;
    pthread_mutex_unlock(&t->lock);
}

/* From up to lost. */
static natsStatus serve(struct nats_thread *t, natsConnection *nc, bool *ret_was_up)
{
    natsSubscription *sub = NULL;
    natsStatus s = subscribe(t, nc, &sub);

    if (s == NATS_OK)
        s = natsConnection_HasHeaderSupport(nc); /* a status */
    if (s == NATS_OK && adopt(t, nc)) {
        *ret_was_up = true;
        t->session++;
        tell(t, &(struct nats_event){.type = NATS_UP, .session = t->session});
        obey(t);
    }
    disown(t);
    natsSubscription_Destroy(sub);
    return s;
}

/* Why it is over; "": it is time to end. */
static const char *connect_once(struct nats_thread *t, natsOptions *options, bool *ret_was_up)
{
    natsConnection *nc = NULL;
    natsStatus s = natsConnection_Connect(&nc, options), last;
    const char *said = NULL;

    if (s == NATS_OK)
        s = serve(t, nc, ret_was_up);
    last = nc != NULL ? natsConnection_GetLastError(nc, &said) : s;
    natsConnection_Destroy(nc);
    if (s != NATS_OK)
        return natsStatus_GetText(s);
    return last != NATS_OK ? natsStatus_GetText(last) : "it closed the connection";
}

/* False: it is time to end. */
static bool rest(struct nats_thread *t, uint32_t ms)
{
    int64_t until_ns = clock_mono_ns() + ms * MS_NS;
    struct timespec until = {until_ns / 1000000000, until_ns % 1000000000};
    bool stopping;
    int waited = 0;

    pthread_mutex_lock(&t->lock);
    while (!t->stopping && waited == 0)
        waited = pthread_cond_timedwait(&t->changed, &t->lock, &until);
    stopping = t->stopping;
    pthread_mutex_unlock(&t->lock);
    return !stopping;
}

static void stay_connected(struct nats_thread *t, natsOptions *options)
{
    uint32_t backoff_ms = BACKOFF_MIN_MS;

    for (;;) {
        bool was_up = false;
        const char *why = connect_once(t, options, &was_up);

        if (was_up)
            backoff_ms = BACKOFF_MIN_MS;
        tell_why(t, NATS_LOST, 0, why);
        if (!rest(t, backoff_ms))
            return;
        backoff_ms *= 2;
        if (backoff_ms > t->backoff_max_ms)
            backoff_ms = t->backoff_max_ms;
    }
}

static void *run(void *arg)
{
    struct nats_thread *t = arg;
    natsOptions *options = NULL;
    natsStatus s = natsOptions_Create(&options);

    if (s == NATS_OK)
        s = set_options(t, options);
    if (s == NATS_OK)
        s = choose_inbox(t);
    if (s == NATS_OK)
        stay_connected(t, options);
    else
        tell_why(t, NATS_UNUSABLE, 0, "the address of NATS is not nats://HOST[:PORT]");
    natsOptions_Destroy(options);
    nats_ReleaseThreadMemory();
    return NULL;
}

struct nats_thread *nats_thread_new(const char *url, uint32_t timeout_ms, uint32_t backoff_max_ms,
                                    uv_async_t *woken, struct err *e)
{
    struct nats_thread *t = mem_new(struct nats_thread);
    int failed;

    t->url = url;
    t->timeout_ms = timeout_ms;
    t->backoff_max_ms = backoff_max_ms;
    t->woken = woken;
    STAILQ_INIT(&t->orders);
    STAILQ_INIT(&t->events);
    pthread_mutex_init(&t->lock, NULL);
    thread_cond_init(&t->changed);
    failed = thread_start(&t->thread, run, t);
    if (failed == 0)
        return t;
    pthread_cond_destroy(&t->changed);
    pthread_mutex_destroy(&t->lock);
    free(t);
    (void)err_set(e, ERR_SYSTEM, "the thread of NATS cannot be started: %s", strerror(failed));
    return NULL;
}

void nats_thread_free(struct nats_thread *t)
{
    struct nats_event_list events;
    struct nats_event *event;
    struct nats_order *order;

    pthread_mutex_lock(&t->lock);
    t->stopping = true;
    pthread_cond_signal(&t->changed);
    pthread_mutex_unlock(&t->lock);
    pthread_join(t->thread, NULL);
    nats_thread_events(t, &events);
    while ((event = STAILQ_FIRST(&events)) != NULL) {
        STAILQ_REMOVE_HEAD(&events, link);
        nats_event_free(event); /* not behind the end of libnats */
    }
    nats_CloseAndWait(0); /* its threads may still be at our functions */
    while ((order = STAILQ_FIRST(&t->orders)) != NULL) {
        STAILQ_REMOVE_HEAD(&t->orders, link);
        nats_order_free(order);
    }
    pthread_cond_destroy(&t->changed);
    pthread_mutex_destroy(&t->lock);
    free(t);
}
