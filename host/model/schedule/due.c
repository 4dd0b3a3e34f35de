/* due.c -- see due.h. */
#include "model/schedule/due.h"

#include "base/clock.h"
#include "base/mem.h"
#include "model/schedule/civil.h"

#include <stdio.h>
#include <string.h>

#define SECOND_US 1000000LL
/* A change that long ago has no local time left that comes twice. */
#define WALK_S (2LL * CIVIL_DAY_S)
/* Nowhere a year of five digits. */
#define END_S (CIVIL_END_S - WALK_S)

const char *due_note_text(enum due_note note)
{
    static const char *const texts[] = {
        [DUE_SHIFTED] = "shifted", [DUE_FIRST] = "first", [DUE_SECOND] = "second"};

    return note < ARRAY_LEN(texts) ? texts[note] : NULL;
}

/* ---- cron: from one change of the clocks to the next ---- */

/* Between two changes the offset is one. Local times before repeats_s were shown before, too. */
struct span {
    int64_t from_s, until_s; /* UTC */
    int32_t offset_s, next_offset_s;
    int64_t repeats_s; /* local */
};

static struct span span_from(const struct zone *zone, int64_t from_s)
{
    struct span s = {.from_s = from_s, .until_s = END_S, .repeats_s = INT64_MIN};
    int64_t change_s;

    s.offset_s = s.next_offset_s = zone_offset(zone, from_s);
    if (zone_next_change(zone, from_s, &change_s) && change_s < END_S) {
        s.until_s = change_s;
        s.next_offset_s = zone_offset(zone, change_s);
    }
    return s;
}

static struct span span_behind(const struct zone *zone, const struct span *before)
{
    struct span s = span_from(zone, before->until_s);

    if (s.offset_s < before->offset_s)
        s.repeats_s = before->until_s + before->offset_s;
    return s;
}

static bool both_times(const struct due_rule *rule)
{
    return rule->dst == DUE_TWICE || rule->cron.hours_are_all;
}

static bool due_in(const struct due_rule *rule, const struct span *s, int64_t from_s,
                   struct due *ret)
{
    int64_t local_s = (from_s > s->from_s ? from_s : s->from_s) + s->offset_s;
    bool second, first;

    if (!both_times(rule) && local_s < s->repeats_s)
        local_s = s->repeats_s;
    if (!cron_next(&rule->cron, local_s, s->until_s + s->offset_s, &local_s))
        return false;
    second = local_s < s->repeats_s;
    first = s->next_offset_s < s->offset_s && local_s >= s->until_s + s->next_offset_s;
    *ret = (struct due){(local_s - s->offset_s) * SECOND_US, s->offset_s,
                        second  ? DUE_SECOND
                        : first ? DUE_FIRST
                                : DUE_PLAIN};
    return true;
}

/* A local time that is jumped over at the end of s, unless one is due there anyway. */
static bool due_by_jump(const struct due_rule *rule, const struct span *s, int64_t from_s,
                        struct due *ret)
{
    int64_t gap_s = s->until_s + s->offset_s, behind_s = s->until_s + s->next_offset_s, found_s;

    if (rule->dst != DUE_SHIFT || rule->cron.hours_are_all || s->until_s < from_s ||
        !cron_next(&rule->cron, gap_s, behind_s, &found_s) ||
        cron_next(&rule->cron, behind_s, behind_s + 1, &found_s))
        return false;
    *ret = (struct due){s->until_s * SECOND_US, s->next_offset_s, DUE_SHIFTED};
    return true;
}

static bool cron_due(const struct due_rule *rule, int64_t from_s, struct due *ret)
{
    struct span s = span_from(rule->zone, from_s - WALK_S);

    while (!due_in(rule, &s, from_s, ret) && !due_by_jump(rule, &s, from_s, ret)) {
        if (s.until_s >= END_S)
            return false;
        s = span_behind(rule->zone, &s);
    }
    return true;
}

/* ---- every, at ---- */

static bool fixed(const struct due_rule *rule, int64_t utc_us, struct due *ret)
{
    *ret = (struct due){utc_us, zone_offset(rule->zone, utc_us / SECOND_US), DUE_PLAIN};
    return utc_us < END_S * SECOND_US;
}

static int64_t every_due_us(const struct due_rule *rule, int64_t after_us)
{
    if (after_us < rule->anchor_us)
        return rule->anchor_us;
    return after_us + rule->every_us - (after_us - rule->anchor_us) % rule->every_us;
}

bool due_next(const struct due_rule *rule, int64_t after_us, struct due *ret)
{
    switch (rule->kind) {
    case DUE_CRON:
        return cron_due(rule,
                        (after_us - (after_us % SECOND_US < 0 ? SECOND_US : 0)) / SECOND_US + 1,
                        ret);
    case DUE_EVERY:
        return fixed(rule, every_due_us(rule, after_us), ret);
    case DUE_AT:
        break;
    }
    return rule->at_us > after_us && fixed(rule, rule->at_us, ret);
}

bool due_every_parse(const char *text, int64_t *ret_us, struct err *e)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'d', CIVIL_DAY_S}, {'h', 3600}, {'m', 60}, {'s', 1}};
    const char *at = text;
    int64_t total = 0;

    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        size_t digits = strspn(at, "0123456789");

        if (digits == 0 || digits > 9 || at[digits] != units[i].unit)
            continue;
        total += strtoll(at, NULL, 10) * units[i].seconds;
        at += digits + 1;
    }
    if (*at != '\0' || at == text)
        return err_set(e, ERR_INVALID,
                       "every: '%.32s' is not days, hours, minutes and seconds as in 1d12h or 90m",
                       text);
    if (total < 1 || total > (int64_t)DUE_EVERY_DAYS_MAX * CIVIL_DAY_S)
        return err_set(e, ERR_INVALID, "every: '%.32s' is not within 1s and %dd", text,
                       DUE_EVERY_DAYS_MAX);
    *ret_us = total * SECOND_US;
    return true;
}

bool due_at_parse(const char *text, const struct zone *zone, enum due_dst dst, int64_t *ret_us,
                  struct err *e)
{
    auto_mem char *as_utc = mem_printf("%.64sZ", text);
    int64_t local_us, utc_s, part_us;

    if (clock_parse(text, ret_us))
        return true;
    if (!clock_parse(as_utc, &local_us))
        return err_set(e, ERR_INVALID,
                       "at: '%.64s' is no time of RFC 3339, with or without an offset", text);
    part_us = (local_us % SECOND_US + SECOND_US) % SECOND_US;
    if (!zone_instant(zone, (local_us - part_us) / SECOND_US, &utc_s)) {
        part_us = 0;
        if (dst != DUE_SHIFT)
            return err_set(e, ERR_INVALID, "at: '%.64s' is never: the zone's clocks jump over it",
                           text);
    }
    *ret_us = utc_s * SECOND_US + part_us;
    return true;
}

/* ---- texts ---- */

/* Without the decimals where they are zeros, and without the Z. */
static int text_of(int64_t us, char out[DUE_TEXT_BYTES])
{
    char text[CLOCK_TEXT_BYTES];

    clock_text(us, text);
    return snprintf(out, DUE_TEXT_BYTES, "%.*s", us % SECOND_US == 0 ? 19 : 26, text);
}

void due_utc_text(const struct due *d, char out[DUE_TEXT_BYTES])
{
    int len = text_of(d->utc_us, out);

    snprintf(out + len, DUE_TEXT_BYTES - (size_t)len, "Z");
}

void due_local_text(const struct due *d, char out[DUE_TEXT_BYTES])
{
    int len = text_of(d->utc_us + d->offset_s * SECOND_US, out);
    int minutes = (d->offset_s < 0 ? -d->offset_s : d->offset_s) / 60;

    snprintf(out + len, DUE_TEXT_BYTES - (size_t)len, "%c%02d:%02d", d->offset_s < 0 ? '-' : '+',
             minutes / 60, minutes % 60);
}
