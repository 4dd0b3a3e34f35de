/* civil.c -- see civil.h. */
#include "model/schedule/civil.h"

#include <time.h>

static struct tm tm_of(int64_t seconds)
{
    time_t t = (time_t)seconds;
    struct tm tm = {0};

    gmtime_r(&t, &tm);
    return tm;
}

int64_t civil_day_of(int64_t seconds)
{
    return seconds / CIVIL_DAY_S - (seconds % CIVIL_DAY_S < 0 ? 1 : 0);
}

int64_t civil_days(int year, int month, int day)
{
    struct tm tm = {.tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day};

    return civil_day_of((int64_t)timegm(&tm));
}

struct civil_date civil_date(int64_t days)
{
    struct tm tm = tm_of(days * CIVIL_DAY_S);

    return (struct civil_date){tm.tm_mon + 1, tm.tm_mday, tm.tm_wday};
}

int civil_weekday(int64_t days)
{
    return (int)(((days + 4) % 7 + 7) % 7); /* day 0 was a Thursday */
}

int civil_year(int64_t seconds)
{
    return tm_of(seconds).tm_year + 1900;
}

bool civil_is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}
