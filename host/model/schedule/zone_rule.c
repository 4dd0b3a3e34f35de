/* zone_rule.c -- see zone_rule.h. */
#include "model/schedule/zone_rule.h"

#include "model/schedule/civil.h"

#include <string.h>

enum { NAME_LEAST = 3, OFFSET_HOURS_MAX = 24, RULE_HOURS_MAX = 167, DEFAULT_AT_S = 2 * 3600 };

struct text {
    const char *at, *end;
};

static bool next_is(struct text *t, char c)
{
    if (t->at == t->end || *t->at != c)
        return false;
    t->at++;
    return true;
}

static bool number(struct text *t, int least, int most, int *ret)
{
    const char *begin = t->at;
    int value = 0;

    for (; t->at < t->end && *t->at >= '0' && *t->at <= '9' && t->at - begin < 3; t->at++)
        value = value * 10 + (*t->at - '0');
    *ret = value;
    return t->at > begin && value >= least && value <= most;
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Letters, or anything but '>' in angle brackets. */
static bool name(struct text *t)
{
    bool quoted = next_is(t, '<');
    const char *begin = t->at;

    while (t->at < t->end && (quoted ? *t->at != '>' : is_letter(*t->at)))
        t->at++;
    return t->at - begin >= NAME_LEAST && (!quoted || next_is(t, '>'));
}

/* [+-]hh[:mm[:ss]] */
static bool time_of(struct text *t, int hours_most, int32_t *ret_s)
{
    bool minus = next_is(t, '-');
    int hours, minutes = 0, seconds = 0;

    if (!minus)
        (void)next_is(t, '+');
    if (!number(t, 0, hours_most, &hours))
        return false;
    if (next_is(t, ':') &&
        (!number(t, 0, 59, &minutes) || (next_is(t, ':') && !number(t, 0, 59, &seconds))))
        return false;
    *ret_s = (hours * 3600 + minutes * 60 + seconds) * (minus ? -1 : 1);
    return true;
}

/* West is positive there. */
static bool offset(struct text *t, int32_t *ret_s)
{
    if (!time_of(t, OFFSET_HOURS_MAX, ret_s))
        return false;
    *ret_s = -*ret_s;
    return true;
}

static bool month_week(struct text *t, struct zone_date *ret)
{
    ret->kind = ZONE_DATE_MONTH_WEEK;
    return number(t, 1, 12, &ret->month) && next_is(t, '.') && number(t, 1, 5, &ret->week) &&
           next_is(t, '.') && number(t, 0, 6, &ret->day);
}

static bool date(struct text *t, struct zone_date *ret)
{
    bool ok;

    *ret = (struct zone_date){.kind = ZONE_DATE_DAY, .at_s = DEFAULT_AT_S};
    if (next_is(t, 'M')) {
        ok = month_week(t, ret);
    } else if (next_is(t, 'J')) {
        ret->kind = ZONE_DATE_JULIAN;
        ok = number(t, 1, 365, &ret->day);
    } else {
        ok = number(t, 0, 365, &ret->day);
    }
    return ok && (!next_is(t, '/') || time_of(t, RULE_HOURS_MAX, &ret->at_s));
}

static bool changes(struct text *t, struct zone_rule *ret)
{
    bool is_rule;

    ret->other_s = ret->standard_s + 3600;
    if (t->at < t->end && *t->at != ',' && !offset(t, &ret->other_s))
        return false;
    is_rule =
        next_is(t, ',') && date(t, &ret->to_other) && next_is(t, ',') && date(t, &ret->to_standard);
    ret->changes = true;
    return is_rule;
}

bool zone_rule_parse(const char *text, size_t len, struct zone_rule *ret, struct err *e)
{
    struct text t = {text, text + len};
    struct zone_rule rule = {0};

    if (!name(&t) || !offset(&t, &rule.standard_s) ||
        (t.at < t.end && (!name(&t) || !changes(&t, &rule))) || t.at != t.end)
        return err_set(e, ERR_INVALID, "its rule is not one of RFC 9636 3.3.1");
    *ret = rule;
    return true;
}

/* ---- the changes of a year ---- */

static int64_t day_of(const struct zone_date *d, int year)
{
    int64_t first = civil_days(year, 1, 1), in_month;
    int back;

    switch (d->kind) {
    case ZONE_DATE_JULIAN:
        return first + d->day - 1 + (civil_is_leap(year) && d->day >= 60 ? 1 : 0);
    case ZONE_DATE_DAY:
        return first + d->day;
    case ZONE_DATE_MONTH_WEEK:
        break;
    }
    in_month = civil_days(year, d->month, 1);
    in_month += (d->day - civil_weekday(in_month) + 7) % 7 + (d->week - 1) * 7;
    back = in_month >= civil_days(year + d->month / 12, d->month % 12 + 1, 1) ? 7 : 0;
    return in_month - back;
}

static int64_t instant_of(const struct zone_date *d, int year, int32_t until_then_s)
{
    return day_of(d, year) * CIVIL_DAY_S + d->at_s - until_then_s;
}

void zone_rule_year(const struct zone_rule *rule, int year, struct zone_change ret[2])
{
    struct zone_change other = {instant_of(&rule->to_other, year, rule->standard_s), rule->other_s};
    struct zone_change standard = {instant_of(&rule->to_standard, year, rule->other_s),
                                   rule->standard_s};
    bool other_first = other.utc_s <= standard.utc_s;

    ret[0] = other_first ? other : standard;
    ret[1] = other_first ? standard : other;
}
