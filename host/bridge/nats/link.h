/* link.h -- a connection to a NATS server, made again whenever it is lost: after a tenth of a
 * second, then after a pause that doubles up to backoff_max_ms.
 *
 * libnats has threads of its own, and its calls may wait; so one thread of ours makes them all. The
 * rule: the loop's thread and the others share nothing but two lists under one lock, orders (to
 * that thread, in order) and events (to the loop, which is woken by uv_async). Whatever is in a
 * list belongs to the list; what was taken out belongs to who took it.
 *
 * What always holds: each answer that is awaited is told once, or told that it does not come,
 * within timeout_ms, when the connection was lost, or by nats_link_free; never from inside
 * nats_ask. A server that does not connect or says nothing within timeout_ms and a half is given
 * up. It ends within the times of a connection and of a resolver. Bridge process, its loop.
 *
 *   first          then               so
 *   asked          connection lost    whether it was done is not known
 *   lost           asked              refused */
#ifndef ORCH_BRIDGE_NATS_LINK_H
#define ORCH_BRIDGE_NATS_LINK_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct nats_link;

/* All borrowed for the call. */
struct nats_answer {
    const char *fault;  /* NULL: it came */
    const char *status; /* of a message that is none: "408"; NULL: it is one */
    const char *subject, *reply;
    const char *data;
    size_t bytes;
};

struct nats_link_options {
    const char *url; /* borrowed until it is freed */
    uint32_t timeout_ms, backoff_max_ms;
    /* Each may be told several times in a row; usable false: no further attempt is made. */
    void (*on_up)(void *arg);
    void (*on_lost)(void *arg, const char *why, bool usable);
    /* A message of a consumer. */
    void (*on_delivered)(void *arg, const struct nats_answer *message);
    void *arg;
};

/* NULL: no thread can be started. */
struct nats_link *nats_link_new(uv_loop_t *loop, const struct nats_link_options *options,
                                struct err *e) must_check;
/* Waits for its thread; what is awaited is told so. Its handles are closed by the loop's next
 * turns. */
void nats_link_free(struct nats_link *link); /* accepts NULL */

/* Within an answer's function, too: false says that the connection is why it failed. */
bool nats_link_is_up(const struct nats_link *link);

struct nats_message {
    const char *subject;
    const char *id; /* its Nats-Msg-Id; NULL: none */
    const void *data;
    size_t bytes;
};

typedef void nats_answer_fn(void *arg, const struct nats_answer *answer);

/* Each: false: there is no connection, or more waits than it takes; fn is not called. */
bool nats_say(struct nats_link *link, const struct nats_message *message) must_check;
bool nats_ask(struct nats_link *link, const struct nats_message *message, nats_answer_fn *fn,
              void *arg) must_check;
/* For messages of a consumer, which come to on_delivered: fn is told when no more do, within
 * timeout_ms behind lives_ms. What to forget it by; 0: as false. */
uint64_t nats_pull(struct nats_link *link, const struct nats_message *message, uint32_t lives_ms,
                   nats_answer_fn *fn, void *arg) must_check;
/* All came: fn is not called. */
void nats_pulled(struct nats_link *link, uint64_t token);

#endif
