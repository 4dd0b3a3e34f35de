/* row.c -- see row.h. */
#include "api/stream/row.h"

#include "model/ledger/event.h"

#include <string.h>

bool stream_event_of_row(const struct store_event *row, struct api_event *ret)
{
    if (strncmp(row->type, EVENT_ENTRY, strlen(EVENT_ENTRY)) == 0)
        return false;
    *ret = (struct api_event){.seq = row->seq,
                              .tenant = row->tenant,
                              .dag_id = row->dag_id,
                              .run_id = row->run_id,
                              .type = row->type,
                              .status = row->status,
                              .trace_id = row->trace_id,
                              .step_id = row->node_id,
                              .attempt = (int32_t)row->attempt,
                              .wall_us = row->at_us,
                              .payload = row->payload};
    return true;
}
