/* cron.c -- see cron.h. */
#include "model/schedule/cron.h"

#include "base/text.h"
#include "model/schedule/civil.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

enum field { MINUTE, HOUR, DAY, MONTH, WEEKDAY, FIELD_COUNT };
enum { SHOWN_BYTES = 24, NAME_LETTERS = 3, STEP_DIGITS_MAX = 9 };
/* The calendar, weekdays included, begins anew after 400 years. */
enum { CYCLE_DAYS = 146097 };

static const struct {
    const char *name;
    int least, most, star_most;
    const char *words; /* three letters each, of the values from least on */
} fields[FIELD_COUNT] = {
    [MINUTE] = {"minute", 0, 59, 59, ""},
    [HOUR] = {"hour", 0, 23, 23, ""},
    [DAY] = {"day", 1, 31, 31, ""},
    [MONTH] = {"month", 1, 12, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
    [WEEKDAY] = {"weekday", 0, 7, 6, "sunmontuewedthufrisat"},
};

static const struct {
    const char *name, *text;
} macros[] = {
    {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"},
    {"@weekly", "0 0 * * 0"}, {"@daily", "0 0 * * *"},    {"@midnight", "0 0 * * *"},
    {"@hourly", "0 * * * *"},
};

struct word {
    const char *at;
    size_t len;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* What is before the first of the separators; *rest goes on behind it. */
static struct word cut(struct word *rest, char separator, bool *ret_found)
{
    const char *end = memchr(rest->at, separator, rest->len);
    size_t len = end != NULL ? (size_t)(end - rest->at) : rest->len;
    struct word first = {rest->at, len};

    *ret_found = end != NULL;
    rest->at += len + (end != NULL ? 1 : 0);
    rest->len -= len + (end != NULL ? 1 : 0);
    return first;
}

static bool refuse(enum field f, struct word w, const char *why, struct err *e)
{
    auto_done(buf) shown = {0};

    text_add_printable(&shown, w.at,
                       text_utf8_prefix(w.at, w.len < SHOWN_BYTES ? w.len : SHOWN_BYTES));
    return err_set(e, ERR_INVALID, "%s: '%s' %s", fields[f].name, buf_text(&shown), why);
}

static bool is_digits(struct word w)
{
    for (size_t i = 0; i < w.len; i++) {
        if (w.at[i] < '0' || w.at[i] > '9')
            return false;
    }
    return w.len > 0;
}

static int value_of(struct word digits)
{
    int value = 0;

    for (size_t i = 0; i < digits.len; i++)
        value = value * 10 + (digits.at[i] - '0');
    return value;
}

static bool named(enum field f, struct word w, int *ret)
{
    const char *words = fields[f].words;

    for (int i = 0; w.len == NAME_LETTERS && words[i * NAME_LETTERS] != '\0'; i++) {
        if (strncasecmp(words + i * NAME_LETTERS, w.at, NAME_LETTERS) == 0) {
            *ret = fields[f].least + i;
            return true;
        }
    }
    return false;
}

static bool value(enum field f, struct word w, int *ret, struct err *e)
{
    char why[64];
    int number = w.len <= 2 ? value_of(w) : -1;

    if (named(f, w, ret))
        return true;
    if (!is_digits(w))
        return refuse(f, w, "is no value, *, range, step or list of these", e);
    snprintf(why, sizeof why, "is not within %d and %d", fields[f].least, fields[f].most);
    if (number < fields[f].least || number > fields[f].most)
        return refuse(f, w, why, e);
    *ret = number;
    return true;
}

struct range {
    int first, last, step;
    bool is_value;
};

static bool range(enum field f, struct word w, struct range *ret, struct err *e)
{
    struct word last = w, first;
    bool two;

    if (w.len == 1 && w.at[0] == '*') {
        *ret = (struct range){fields[f].least, fields[f].star_most, 1, false};
        return true;
    }
    first = cut(&last, '-', &two);
    if (!value(f, first, &ret->first, e) || (two && !value(f, last, &ret->last, e)))
        return false;
    ret->last = two ? ret->last : ret->first;
    ret->is_value = !two;
    ret->step = 1;
    return ret->first <= ret->last || refuse(f, w, "runs backwards", e);
}

static bool step(enum field f, struct word part, struct word digits, struct range *r, struct err *e)
{
    if (r->is_value)
        return refuse(f, part, "has a step without a range", e);
    if (!is_digits(digits) || digits.len > STEP_DIGITS_MAX || value_of(digits) < 1 ||
        value_of(digits) > fields[f].most)
        return refuse(f, part, "has a step that is not within 1 and the field's last value", e);
    r->step = value_of(digits);
    return true;
}

static bool part(enum field f, struct word w, uint64_t *set, struct err *e)
{
    struct word rest = w, body;
    struct range r = {0};
    bool has_step;

    body = cut(&rest, '/', &has_step);
    if (!range(f, body, &r, e) || (has_step && !step(f, w, rest, &r, e)))
        return false;
    assert(r.first >= 0 && r.last < 64); /* every field's are */
    for (int v = r.first; v <= r.last; v += r.step)
        *set |= UINT64_C(1) << v;
    return true;
}

static bool list(enum field f, struct word w, uint64_t *set, struct err *e)
{
    bool more = true;

    while (more) {
        struct word one = cut(&w, ',', &more);

        if (!part(f, one, set, e))
            return false;
    }
    if (f == WEEKDAY && (*set & UINT64_C(1) << 7) != 0)
        *set |= 1; /* both are Sunday */
    return true;
}

static struct word trimmed(struct word w)
{
    while (w.len > 0 && is_blank(w.at[0])) {
        w.at++;
        w.len--;
    }
    while (w.len > 0 && is_blank(w.at[w.len - 1]))
        w.len--;
    return w;
}

static bool split(struct word w, struct word ret[FIELD_COUNT], struct err *e)
{
    int count = 0;

    for (w = trimmed(w); w.len > 0; w = trimmed(w), count++) {
        size_t len = 0;

        while (len < w.len && !is_blank(w.at[len]))
            len++;
        if (count < FIELD_COUNT)
            ret[count] = (struct word){w.at, len};
        w.at += len;
        w.len -= len;
    }
    return count == FIELD_COUNT ||
           err_set(e, ERR_INVALID, "a cron expression has five fields, this has %d", count);
}

static bool macro(struct word *w, struct err *e)
{
    for (size_t i = 0; i < ARRAY_LEN(macros); i++) {
        if (w->len == strlen(macros[i].name) && strncasecmp(w->at, macros[i].name, w->len) == 0) {
            *w = (struct word){macros[i].text, strlen(macros[i].text)};
            return true;
        }
    }
    return err_set(e, ERR_INVALID,
                   "of the expressions with '@' there are @yearly, @annually, @monthly, @weekly, "
                   "@daily, @midnight and @hourly");
}

/* No month has one of the days, and no weekday makes up for it. */
static bool is_never(const struct cron *c)
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    for (int m = 0; m < 12; m++) {
        uint64_t of_month = (UINT64_C(2) << days[m]) - 1;

        if ((c->sets[MONTH] & UINT64_C(2) << m) != 0 &&
            (c->either || (c->sets[DAY] & of_month) != 0))
            return false;
    }
    return true;
}

bool cron_parse(const char *text, size_t len, struct cron *ret, struct err *e)
{
    struct word w = {text, len}, words[FIELD_COUNT];
    struct cron c = {0};

    if (len > CRON_BYTES_MAX)
        return err_set(e, ERR_INVALID, "a cron expression has at most %d bytes", CRON_BYTES_MAX);
    w = trimmed(w);
    if ((w.len > 0 && w.at[0] == '@' && !macro(&w, e)) || !split(w, words, e))
        return false;
    for (int f = 0; f < FIELD_COUNT; f++) {
        if (!list((enum field)f, words[f], &c.sets[f], e))
            return false;
    }
    c.either = words[DAY].at[0] != '*' && words[WEEKDAY].at[0] != '*';
    c.hours_are_all = words[HOUR].len == 1 && words[HOUR].at[0] == '*';
    if (is_never(&c))
        return err_set(e, ERR_INVALID,
                       "day: the expression is never due: its months have no such day");
    *ret = c;
    return true;
}

/* ---- times ---- */

static bool has(const struct cron *c, enum field f, int value)
{
    return (c->sets[f] >> value & 1) != 0;
}

static bool has_day(const struct cron *c, int64_t day)
{
    struct civil_date d = civil_date(day);
    bool of_month = has(c, DAY, d.day), of_week = has(c, WEEKDAY, d.weekday);

    return has(c, MONTH, d.month) && (c->either ? of_month || of_week : of_month && of_week);
}

/* The first value of the set from least on; -1: none. */
static int first_from(uint64_t set, int least)
{
    uint64_t left = least < 64 ? set >> least : 0;

    return left != 0 ? least + __builtin_ctzll(left) : -1;
}

/* The first minute of a day from least on; -1: none. */
static int minute_of_day(const struct cron *c, int least)
{
    int hour = first_from(c->sets[HOUR], least / 60);
    int minute = hour == least / 60 ? first_from(c->sets[MINUTE], least % 60) : -1;

    if (hour >= 0 && minute < 0) {
        hour = hour == least / 60 ? first_from(c->sets[HOUR], hour + 1) : hour;
        minute = first_from(c->sets[MINUTE], 0);
    }
    return hour >= 0 ? hour * 60 + minute : -1;
}

bool cron_next(const struct cron *c, int64_t from_s, int64_t until_s, int64_t *ret_s)
{
    int64_t day = civil_day_of(from_s), last = day + CYCLE_DAYS;
    int least = (int)((from_s - day * CIVIL_DAY_S + 59) / 60);

    for (; day <= last && day * CIVIL_DAY_S < until_s; day++, least = 0) {
        int minute = has_day(c, day) ? minute_of_day(c, least) : -1;

        if (minute < 0)
            continue;
        *ret_s = day * CIVIL_DAY_S + minute * 60;
        return *ret_s < until_s;
    }
    return false;
}
