/* backfills.h -- what the handlers of backfills share. */
#ifndef ORCH_API_ROUTES_BACKFILLS_H
#define ORCH_API_ROUTES_BACKFILLS_H

#include "api/request/made.h"

/* ERR_NOT_FOUND with BACKFILL_NOT_FOUND. */
bool backfill_read(struct store_reader *reader, const char *tenant, const char *backfill_id,
                   struct store_backfill_list *ret, const char **ret_code,
                   struct err *e) must_check;
/* Answers a change with the backfill as it stands. */
void backfill_reply(struct api_request *req, const char *backfill_id, int status);

#endif
