/* zone_rule.h -- the rule that a time zone goes on with behind its table: the TZ string of RFC 9636
 * 3.3.1 (POSIX.1 8.3, hours of a rule from -167 to 167). Offsets are seconds east of UTC.
 *
 *     CET-1CEST,M3.5.0,M10.5.0/3        IST-1GMT0,M10.5.0,M3.5.0/1 (Dublin: the other way round)
 */
#ifndef ORCH_MODEL_SCHEDULE_ZONE_RULE_H
#define ORCH_MODEL_SCHEDULE_ZONE_RULE_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum zone_date_kind {
    ZONE_DATE_JULIAN,     /* Jn: day 1 to 365, 29 February is never counted */
    ZONE_DATE_DAY,        /* n: day 0 to 365 */
    ZONE_DATE_MONTH_WEEK, /* Mm.w.d: the w-th d of the month, 5 is the last */
};
struct zone_date {
    enum zone_date_kind kind;
    int day, week, month;
    int32_t at_s; /* of that day, on the clocks as they were until then */
};

struct zone_rule {
    int32_t standard_s, other_s;
    bool changes;              /* otherwise it is standard time for good */
    struct zone_date to_other; /* each year */
    struct zone_date to_standard;
};

bool zone_rule_parse(const char *text, size_t len, struct zone_rule *ret, struct err *e) must_check;

struct zone_change {
    int64_t utc_s;
    int32_t offset_s; /* from then on */
};
/* The two changes of a year, in the order of time. The last of one year and the first of the next
 * may be one instant: then the later year's holds. The rule has changes. */
void zone_rule_year(const struct zone_rule *rule, int year, struct zone_change ret[2]);

#endif
