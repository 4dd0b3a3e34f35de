/* order.h -- a decided attempt: what the commit leaves to attempts, and attempts give to the
 * sandbox. Not part of anything: its owner frees it. */
#ifndef ORCH_ENGINE_ATTEMPTS_ORDER_H
#define ORCH_ENGINE_ATTEMPTS_ORDER_H

#include "engine/runs/active_run.h"
#include "lanes/lanes.h"

/* Of an order that has not begun. */
enum order_place {
    ORDER_WAITS,    /* in its lane, for a worker */
    ORDER_CLAIMING, /* it has one, and its entry is being asked for (engine/entries) */
    ORDER_PARKED,   /* somebody else has its entry: it has no worker and is in no lane */
};

struct attempt_order {
    struct active_run *ar;
    struct attempt_ref ref;
    char *node_id;
    char *agent_id;
    char *config;
    size_t config_bytes;
    char *input;
    size_t input_bytes;
    bool input_too_large; /* it was not written */
    int64_t timeout_ns;
    uint64_t seed;
    const char *lane;      /* in which it waits or ran; NULL: the default; lives as long as ar */
    bool whole;            /* of the run itself (whole.h): it is no attempt */
    bool preempted;        /* it was told to make room: how it ends then says nothing of it */
    struct lane_item item; /* while it waits or runs (waiting.c) */
    enum order_place place;
    TAILQ_ENTRY(attempt_order) of_run; /* until it begins */
    TAILQ_ENTRY(attempt_order) apart;  /* while it is not in its lane */
};

bool attempt_order_is(const struct attempt_order *order, struct attempt_ref ref);
void attempt_order_free(struct attempt_order *order); /* accepts NULL */
/* What is held of the run (whole.h) is freed. */
void attempt_orders_drop_held(struct active_run *ar);

#endif
