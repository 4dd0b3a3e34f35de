/* entries.h -- which task has which entry in its lane's backend, and what the host says of it to
 * the bridge (bridge/wire/tasks.h).
 *
 * A task of such a lane is known from its first durable commit here until its run has ended or has
 * gone elsewhere. What always holds: each known task has an entry, or one is on its way; a
 * task's attempts begin once its entry is claimed, and not while the lane's backend is away.
 *
 *   first                  then                    so
 *   the run's commit       -                       ADD, unless a stranger's entry became the run
 *   ADD                    ADDED, ENTRY            its entry; a second one is a duplicate: DONE
 *   the lane takes it      -                       CLAIM, once it has an entry
 *   CLAIM                  CLAIMED                 it begins; refused: it waits apart of its lane
 *                                                  until the next DEPTH
 *   the backend is away    -                       the lane is down; what was asked is forgotten,
 * and each entry has to be told of anew a fresh bridge         -                       so is which
 * entry a task has either                 SCANNED                 what was not told has no entry:
 * ADD GONE                   -                       ADD; CLAIM again where it runs the run's last
 * commit  -                       DONE, or DEAD with what it died of the run is dropped     -
 * RELEASE: it comes again, to whoever has the run
 *
 * Inside the engine only. Loop thread. */
#ifndef ORCH_ENGINE_ENTRIES_ENTRIES_H
#define ORCH_ENGINE_ENTRIES_ENTRIES_H

#include "base/err.h"
#include "lanes/lanes.h"

struct acts;
struct active_run;
struct attempt_order;
struct control;
struct entries;
struct metrics;

/* Hears the bridge of control->env from here on, if there is one. */
struct entries *entries_new(const struct control *ctl) must_check;
void entries_free(struct entries *entries); /* accepts NULL; the runs are still there */

/* The lane was set. */
void entries_lane_set(struct entries *entries, const char *name, enum lane_backend backend);
/* Whether strangers' entries are read is looked at. Once a turn. */
void entries_turn(struct entries *entries);

/* A commit of the run is durable, the one before its acts are carried out, and the run is here. */
void entries_know(struct entries *entries, struct active_run *ar);
/* The same, and it has ended. */
void entries_ended(struct entries *entries, const struct acts *acts);
/* The run is no longer this host's. */
void entries_forget(struct entries *entries, struct active_run *ar);

/* As attempts_sink.claims says. */
bool entries_claims(struct entries *entries, const struct attempt_order *order);

void entries_gauges(const struct entries *entries, struct metrics *metrics);

#endif
