/* leftovers.h -- runs that the store has as going on and that nobody carries: a commit of theirs
 * was refused, they could not be built anew, they are still being read, or an operator
 * ends what is only stored.
 *
 * What always holds: a run that is here is in no table of runs; it leaves by being carried again or
 * by an end in the store, and whatever was refused for now is tried later. So every run ends.
 *
 * Owns its entries. Nothing is called back: what has ended is asked for by leftovers_next_ended.
 * Loop thread only. */
#ifndef ORCH_ENGINE_CONTROL_LEFTOVERS_H
#define ORCH_ENGINE_CONTROL_LEFTOVERS_H

#include "api/api.h"
#include "base/err.h"
#include "engine/control/control.h"

#include <stdint.h>

struct close_events;
struct leftovers;
struct store_run;

struct leftovers *leftovers_new(void) must_check;
/* Accepts NULL. The store is closed; nobody is answered. */
void leftovers_free(struct leftovers *l);

struct leftover_of {
    const char *tenant, *run_id;
    uint32_t tries; /* how often it was built anew before */
    bool at_start;  /* as the last host left it: no commit was refused, so what fails now ends it */
    bool claimed;   /* for a place that is kept until it is there, whether it had begun or not */
};

/* Not carried because of why: built anew when that may help, at once at first and then after a
 * delay; otherwise ended as failed, with why. */
void leftovers_add(struct control *ctl, struct leftover_of what, const struct err *why);
/* Let go while the host was adrift: built anew when it is held again, which counts as no try. */
void leftovers_hold(struct control *ctl, struct leftover_of what);
/* The host is held again. */
void leftovers_go_on(struct leftovers *l);
/* It is read beside the loop (runs/past.h), and then built. row: its head. */
void leftovers_await(struct control *ctl, struct leftover_of what, const struct store_run *row);
/* A run that is only stored is ended as cancelled. done is answered when that is durable; during
 * the call when it is refused: it has ended, or its end is on its way. */
void leftovers_cancel(struct control *ctl, const struct api_actor *who, const char *run_id,
                      api_done_fn done, void *done_arg);
bool leftovers_has(const struct leftovers *l, const char *run_id);

/* Calls fn for each that is not about to end. */
typedef void leftovers_each_fn(void *arg, const char *run_id);
void leftovers_each(const struct leftovers *l, leftovers_each_fn *fn, void *arg);

int64_t leftovers_next_timer(const struct leftovers *l); /* INT64_MAX: none */
void leftovers_turn(struct control *ctl, int64_t now_ns);

/* An end that is durable, in the order of the batches; false: none. Valid until the next call. */
struct leftover_ended {
    struct api_event of; /* the first, as far as they have it in common (close_event_of) */
    const struct close_events *events;
    const char *error; /* the run's; NULL: none */
    api_done_fn done;  /* NULL: nobody waits */
    void *done_arg;
};
/* tenant: one of its own whose event is before that number; NULL: any. */
bool leftovers_next_ended(struct leftovers *l, const char *tenant, int64_t before,
                          struct leftover_ended *ret);

#endif
