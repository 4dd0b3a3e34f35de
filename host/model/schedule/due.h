/* due.h -- when a schedule is due (LANES.md 6): by a cron expression on a zone's clocks, each so
 * much time, or once. Pure: the same rule gives the same times on every host and in every preview.
 *
 * What a local time means where the clocks change (cron, and `at` without an offset):
 *
 *              jumped over                    comes twice
 *     skip     not due                        due at the first
 *     shift    once, at the instant of the    due at the first
 *              jump, however many there are
 *     twice    not due                        due at both
 *
 * A cron expression whose hour is "*" is due in each real hour, whatever the policy says. */
#ifndef ORCH_MODEL_SCHEDULE_DUE_H
#define ORCH_MODEL_SCHEDULE_DUE_H

#include "model/schedule/cron.h"
#include "model/schedule/zone.h"

enum due_kind { DUE_CRON, DUE_EVERY, DUE_AT };
enum due_dst { DUE_SKIP, DUE_TWICE, DUE_SHIFT, DUE_DST_COUNT };
enum due_note { DUE_PLAIN, DUE_SHIFTED, DUE_FIRST, DUE_SECOND };

struct due_rule {
    enum due_kind kind;
    enum due_dst dst;
    const struct zone *zone; /* the caller's */
    struct cron cron;
    int64_t every_us, anchor_us; /* due at the anchor and each so long behind it */
    int64_t at_us;
};

struct due {
    int64_t utc_us;
    int32_t offset_s; /* of the zone's clocks then */
    enum due_note note;
};

/* "[Nd][Nh][Nm][Ns]", from a second to DUE_EVERY_DAYS_MAX days. */
enum { DUE_EVERY_DAYS_MAX = 3660 };
bool due_every_parse(const char *text, int64_t *ret_us, struct err *e) must_check;
/* RFC 3339, or the same without an offset: the zone's local time. ERR_INVALID also for a local time
 * that is jumped over, unless dst is DUE_SHIFT. */
bool due_at_parse(const char *text, const struct zone *zone, enum due_dst dst, int64_t *ret_us,
                  struct err *e) must_check;

/* The first time that is later than after_us, before the end of 9999. False: there is none. */
bool due_next(const struct due_rule *rule, int64_t after_us, struct due *ret) must_check;

/* "shifted", "first", "second"; NULL for DUE_PLAIN. */
const char *due_note_text(enum due_note note);
/* RFC 3339 with the zone's offset: "2026-03-29T03:00:00+02:00". Decimals only where there are some.
 */
enum { DUE_TEXT_BYTES = 40 };
void due_local_text(const struct due *d, char out[DUE_TEXT_BYTES]);
void due_utc_text(const struct due *d, char out[DUE_TEXT_BYTES]);

#endif
