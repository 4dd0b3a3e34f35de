/* scope.h -- sums by month, as the scope agents write them and aggregate and report read them:
 *   {"total": GASES, "months": [12 x {"month": "2023-01", ...GASES}], ...}
 *   GASES: "co2_kg", "biogenic_co2_kg", "ch4_kg", "n2o_kg", "co2e_kg" */
#ifndef EMISSIONS_SCOPE_H
#define EMISSIONS_SCOPE_H

#include "facility.h"

struct tally {
    struct gases total;
    struct gases months[MONTHS];
};

void tally_add(struct tally *t, const struct row *row, const struct gases *gases);
/* The members "total" and "months" of an open object. */
void tally_write(orch_out *o, const struct tally *t, int64_t year);
/* what: the member's name, for the error. */
orch_status tally_read(struct job *job, orch_json value, const char *what, struct tally *ret);

/* "2023-01" */
void month_write(orch_out *o, int64_t year, uint32_t month);

#endif
