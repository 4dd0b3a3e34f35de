/* zone.h -- a time zone: what its clocks show at an instant, and when they are put forward or back.
 * Read from the system's tz database (package tzdata), TZif of version 2 or later (RFC 9636).
 *
 * Not by libc: TZ is the process's and races with every thread, and a name that does not exist is
 * UTC there. Instants are seconds since 1970-01-01T00:00:00Z, offsets seconds east of UTC. A zone
 * never changes once it is read: any thread. */
#ifndef ORCH_MODEL_SCHEDULE_ZONE_H
#define ORCH_MODEL_SCHEDULE_ZONE_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum { ZONE_NAME_MAX = 64, ZONE_FILE_BYTES_MAX = 256 * 1024 };

struct zone;

/* By its name in the tz database ("Europe/Berlin"), as it is spelled there. ERR_INVALID: there is
 * no such zone, or its file is none. */
bool zone_load(const char *name, struct zone **ret, struct err *e) must_check;
/* From the bytes of such a file. */
bool zone_read(const uint8_t *bytes, size_t len, struct zone **ret, struct err *e) must_check;
void zone_free(struct zone *z); /* accepts NULL */
DEFINE_AUTO(zone)

int32_t zone_offset(const struct zone *z, int64_t utc_s);
/* The first instant after after_s from which the offset is another one. False: none is known. */
bool zone_next_change(const struct zone *z, int64_t after_s, int64_t *ret_s) must_check;
/* The first instant at which the clocks show a local time (seconds as if it were UTC). False: they
 * jump over it, at *ret_s. */
bool zone_instant(const struct zone *z, int64_t local_s, int64_t *ret_s);

#endif
