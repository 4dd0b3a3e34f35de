/* facility.h -- one year of one facility: what was burnt and what was drawn from the grid.
 *
 * As JSON (what every agent reads and intake writes):
 *   {"name", "year": 2023, "gwp": "AR4"|"AR5" (default AR5),
 *    "electricity": {"lb_per_mwh", "source"},        needed when a row is electricity
 *    "rows": [{"row"?, "month": "2023-01", "activity", "quantity", "unit"}]}
 * As CSV (csv.c):
 *   # name: ...     # year: ...     # gwp: ...     # lb_per_mwh: ...     # source: ...
 *   month,activity,quantity,unit    and then one line a row; columns in any order
 *
 * "row" is what errors name: the line of the CSV file, or the row's place in "rows" from 1.
 * facility_read checks types and limits; facility_check the meaning. */
#ifndef EMISSIONS_FACILITY_H
#define EMISSIONS_FACILITY_H

#include "factors.h"
#include "job.h"

#define ROWS_MAX 10000u
#define MONTHS 12u

struct row {
    int64_t line;
    orch_bytes month, activity, unit;
    double quantity;
};

struct facility {
    orch_bytes name;
    int64_t year;
    orch_bytes gwp;
    bool has_grid;
    double lb_per_mwh;
    orch_bytes grid_source;
    struct row *rows;
    uint64_t row_count;
};

/* Both give ORCH_OK or the status to return, reported. */
orch_status facility_read(struct job *job, orch_json value, struct facility *ret);
orch_status facility_read_csv(struct job *job, orch_bytes text, struct facility *ret);

/* Known activities in their units, months of the year, no row twice, nothing negative, a grid
 * factor with its source when electricity was used. */
orch_status facility_check(struct job *job, const struct facility *f);

/* The row's month, 0 to 11; only of a checked facility. */
uint32_t row_month(const struct row *row);

/* {"facility": ...}, as the output of the agent. */
orch_status facility_emit(struct job *job, const struct facility *f);

#endif
