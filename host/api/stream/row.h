/* row.h -- a row of the store as an event of the stream. */
#ifndef ORCH_API_STREAM_ROW_H
#define ORCH_API_STREAM_ROW_H

#include "api/stream/event.h"
#include "store/reader.h"

#include <stdbool.h>

/* Its texts are the row's. False: an entry of the ledger that is no run's event, for who reads the
 * ledger and not for the stream. */
bool stream_event_of_row(const struct store_event *row, struct api_event *ret);

#endif
