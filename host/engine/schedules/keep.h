/* keep.h -- the rows of schedules and backfills that clients make and change, each with its entry
 * in the ledger. done comes when it is durable; the schedules are looked at then. Loop thread. */
#ifndef ORCH_ENGINE_SCHEDULES_KEEP_H
#define ORCH_ENGINE_SCHEDULES_KEEP_H

#include "api/api.h"

struct schedules;

void keep_put(struct schedules *s, const struct api_actor *who,
              const struct store_schedule *schedule, api_done_fn done, void *done_arg);
void keep_pause(struct schedules *s, const struct api_actor *who,
                const struct store_schedule_move *move, api_done_fn done, void *done_arg);
void keep_delete(struct schedules *s, const struct api_actor *who, const char *schedule_id,
                 api_done_fn done, void *done_arg);
void keep_backfill(struct schedules *s, const struct api_actor *who,
                   const struct store_backfill *backfill, api_done_fn done, void *done_arg);
void keep_mark(struct schedules *s, const struct api_actor *who,
               const struct store_backfill_mark *mark, api_done_fn done, void *done_arg);
void keep_note(struct schedules *s, const struct store_firing *firing, api_done_fn done,
               void *done_arg);

#endif
