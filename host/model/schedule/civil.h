/* civil.h -- days of the Gregorian calendar, counted from 1970-01-01, which is day 0. Local times
 * are seconds as if their zone were UTC. glibc's timegm and gmtime_r know no zone. */
#ifndef ORCH_MODEL_SCHEDULE_CIVIL_H
#define ORCH_MODEL_SCHEDULE_CIVIL_H

#include <stdbool.h>
#include <stdint.h>

enum { CIVIL_DAY_S = 24 * 60 * 60 };
#define CIVIL_END_S 253402300800LL /* 10000-01-01: RFC 3339 has four digits for a year */

struct civil_date {
    int month, day, weekday; /* from 1; from 1; 0 is Sunday */
};

int64_t civil_days(int year, int month, int day);
struct civil_date civil_date(int64_t days);
int civil_weekday(int64_t days);
int civil_year(int64_t seconds);
bool civil_is_leap(int year);
/* seconds / CIVIL_DAY_S, rounded down. */
int64_t civil_day_of(int64_t seconds);

#endif
