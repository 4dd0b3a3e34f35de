/* schedules.h -- what the handlers of schedules share. */
#ifndef ORCH_API_ROUTES_SCHEDULES_H
#define ORCH_API_ROUTES_SCHEDULES_H

#include "api/request/made.h"
#include "model/schedule/due_words.h"

/* ERR_NOT_FOUND with SCHEDULE_NOT_FOUND, of the request's {scheduleId}. */
bool schedule_read(const struct api_request *req, struct store_reader *reader,
                   struct store_schedule_list *ret, const char **ret_code,
                   struct err *e) must_check;
/* The rule of a row. Reads the zone's file. */
bool schedule_rule(const struct store_schedule *row, struct due_read *ret,
                   struct err *e) must_check;
/* What the row waits for behind after_us: 0, or both times. */
void schedule_next(const struct due_rule *rule, const struct store_schedule *row, int64_t after_us,
                   int64_t *ret_due_us, int64_t *ret_fire_us);

/* The schedule as a client sees it; when: with nextFireTimes. */
bool schedule_view(struct buf *b, const struct store_schedule *row, bool when,
                   struct store_reader *reader, struct err *e) must_check;
/* Why it, or a backfill of it, begins nothing now. */
void schedule_why(struct buf *b, const char *reason, const char *detail);
void firing_view(struct buf *b, const struct store_firing *row);
/* Answers a change with the schedule as it stands. */
void schedule_reply(struct api_request *req, const char *schedule_id, int status);

#endif
