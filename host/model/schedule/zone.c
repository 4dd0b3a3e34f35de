/* zone.c -- see zone.h. The table of the file goes on by its rule for 400 years and a part of two:
 * then the Gregorian calendar, and so the rule, begins anew, and later instants are looked up in
 * these. */
#include "model/schedule/zone.h"

#include "base/fd.h"
#include "base/mem.h"
#include "model/schedule/civil.h"
#include "model/schedule/zone_rule.h"

#include <endian.h>
#include <string.h>

#define ZONE_FOLDER "/usr/share/zoneinfo"
enum { CYCLE_YEARS = 400, RULE_YEARS = CYCLE_YEARS + 2, RULE_CHANGES = 2 * RULE_YEARS };
#define CYCLE_S (146097LL * CIVIL_DAY_S)
/* RFC 9636 3.2: no clock is further from UTC. */
enum { OFFSET_LEAST_S = -89999, OFFSET_MOST_S = 93599 };
enum { HEADER_BYTES = 44, COUNT_MAX = 16384, TYPE_BYTES = 6, TYPES_MAX = 256 };

struct zone {
    int32_t first_s; /* until the first change */
    bool repeats;    /* behind the last change: the last 400 years again */
    size_t count;
    struct zone_change changes[]; /* in the order of time; each is another offset than before */
};

void zone_free(struct zone *z)
{
    free(z);
}

/* ---- the file ---- */

struct bytes {
    const uint8_t *at, *end;
};

static bool skip(struct bytes *b, size_t count, const uint8_t **ret)
{
    if ((size_t)(b->end - b->at) < count)
        return false;
    *ret = b->at;
    b->at += count;
    return true;
}

static uint32_t be32(const uint8_t *p)
{
    uint32_t big;

    memcpy(&big, p, sizeof big);
    return be32toh(big);
}

static int64_t be64(const uint8_t *p)
{
    uint64_t big;

    memcpy(&big, p, sizeof big);
    return (int64_t)be64toh(big);
}

/* In the order of the header. */
enum count { UT, STD, LEAP, TIME, TYPE, CHAR, COUNT_COUNT };

static bool header(struct bytes *b, uint32_t counts[COUNT_COUNT])
{
    const uint8_t *p;

    if (!skip(b, HEADER_BYTES, &p) || memcmp(p, "TZif", 4) != 0 || p[4] < '2')
        return false;
    for (int i = 0; i < COUNT_COUNT; i++) {
        counts[i] = be32(p + 20 + 4 * i);
        if (counts[i] > COUNT_MAX)
            return false;
    }
    return true;
}

static size_t block_bytes(const uint32_t counts[COUNT_COUNT], size_t time_bytes)
{
    return counts[TIME] * (time_bytes + 1) + counts[TYPE] * (size_t)TYPE_BYTES + counts[CHAR] +
           counts[LEAP] * (time_bytes + 4) + counts[STD] + counts[UT];
}

struct file {
    uint32_t changes, types;
    const uint8_t *times, *type_of, *type; /* of the 64-bit block */
    const char *rule;
    size_t rule_len;
};

/* The rule stands between two line feeds, at the end. */
static bool footer(struct bytes *b, struct file *ret)
{
    const uint8_t *begin = b->at, *end;

    if (begin == b->end || *begin != '\n')
        return false;
    end = memchr(begin + 1, '\n', (size_t)(b->end - begin - 1));
    ret->rule = (const char *)begin + 1;
    ret->rule_len = end != NULL ? (size_t)(end - begin - 1) : 0;
    return end != NULL;
}

/* A clock with leap seconds counts others than ours does. */
static bool parts(const uint8_t *bytes, size_t len, struct file *ret)
{
    struct bytes b = {bytes, bytes + len};
    uint32_t counts[COUNT_COUNT];
    const uint8_t *rest;

    if (!header(&b, counts) || !skip(&b, block_bytes(counts, 4), &rest) || !header(&b, counts) ||
        counts[LEAP] != 0 || counts[TYPE] == 0 || counts[TYPE] > TYPES_MAX)
        return false;
    ret->changes = counts[TIME];
    ret->types = counts[TYPE];
    return skip(&b, (size_t)8 * counts[TIME], &ret->times) &&
           skip(&b, counts[TIME], &ret->type_of) &&
           skip(&b, (size_t)TYPE_BYTES * counts[TYPE], &ret->type) &&
           skip(&b, (size_t)counts[CHAR] + counts[STD] + counts[UT], &rest) && footer(&b, ret);
}

static bool offset_of(const struct file *f, uint8_t type, int32_t *ret_s)
{
    if (type >= f->types)
        return false;
    *ret_s = (int32_t)be32(f->type + (size_t)TYPE_BYTES * type);
    return *ret_s >= OFFSET_LEAST_S && *ret_s <= OFFSET_MOST_S;
}

/* ---- the table ---- */

static int32_t last_offset(const struct zone *z)
{
    return z->count > 0 ? z->changes[z->count - 1].offset_s : z->first_s;
}

static void add(struct zone *z, struct zone_change change)
{
    if (z->count > 0 && z->changes[z->count - 1].utc_s == change.utc_s)
        z->count--; /* this one holds */
    if (change.offset_s != last_offset(z))
        z->changes[z->count++] = change;
}

static bool add_table(struct zone *z, const struct file *f)
{
    int64_t before_s = INT64_MIN;

    for (uint32_t i = 0; i < f->changes; i++) {
        struct zone_change change = {.utc_s = be64(f->times + (size_t)8 * i)};

        if (change.utc_s <= before_s || !offset_of(f, f->type_of[i], &change.offset_s))
            return false;
        before_s = change.utc_s;
        add(z, change);
    }
    return true;
}

/* From the last instant of the table on; a table that ends later than anything we write has none.
 */
static void add_rule(struct zone *z, const struct zone_rule *rule, int64_t from_s)
{
    int year = civil_year(from_s > 0 ? from_s : 0);
    int64_t end_s = civil_days(year + RULE_YEARS, 1, 1) * CIVIL_DAY_S;
    struct zone_change two[2];

    if (!rule->changes) {
        add(z, (struct zone_change){from_s, rule->standard_s});
        return;
    }
    for (int i = 0; i < RULE_YEARS; i++) {
        zone_rule_year(rule, year + i, two);
        for (int k = 0; k < 2; k++) {
            if (two[k].utc_s > from_s && two[k].utc_s < end_s)
                add(z, two[k]);
        }
    }
    /* A rule may be summer for good: then nothing changes. */
    z->repeats = z->count > 0 && z->changes[z->count - 1].utc_s - CYCLE_S > from_s;
}

static bool add_footer(struct zone *z, const struct file *f, struct err *e)
{
    int64_t from_s = f->changes > 0 ? be64(f->times + (size_t)8 * (f->changes - 1)) : INT64_MIN;
    struct zone_rule rule;

    if (f->rule_len == 0)
        return true; /* as it was last */
    if (!zone_rule_parse(f->rule, f->rule_len, &rule, e))
        return false;
    if (from_s < CIVIL_END_S)
        add_rule(z, &rule, from_s);
    return true;
}

bool zone_read(const uint8_t *bytes, size_t len, struct zone **ret, struct err *e)
{
    auto_obj(zone) z = NULL;
    struct file f;

    if (len > ZONE_FILE_BYTES_MAX || !parts(bytes, len, &f))
        return err_set(e, ERR_INVALID, "it is no TZif file of version 2 or later");
    z = mem_zero(1, sizeof *z + (f.changes + RULE_CHANGES) * sizeof z->changes[0]);
    if (!offset_of(&f, 0, &z->first_s) || !add_table(z, &f))
        return err_set(e, ERR_INVALID, "its table is damaged");
    if (!add_footer(z, &f, e))
        return false;
    *ret = take(z);
    return true;
}

/* ---- by name ---- */

/* Of the tz database: no '.', so nothing leads out of its folder; posix/ and right/ are copies of
 * it, the second with leap seconds. */
static bool is_name(const char *name)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    size_t len = strlen(name);

    return len > 0 && len <= ZONE_NAME_MAX && strchr(letters, name[0]) != NULL &&
           strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/") ==
               len &&
           strstr(name, "//") == NULL && name[len - 1] != '/' &&
           strncmp(name, "posix", strlen("posix")) != 0 &&
           strncmp(name, "right/", strlen("right/")) != 0 && strcmp(name, "localtime") != 0;
}

bool zone_load(const char *name, struct zone **ret, struct err *e)
{
    char path[sizeof ZONE_FOLDER + ZONE_NAME_MAX + 2];
    auto_mem char *file = NULL; /* many names are links to others */
    auto_done(buf) bytes = {0};
    struct err why = {0};

    if (!is_name(name))
        return err_set(e, ERR_INVALID, "'%.64s' is not a name of the tz database", name);
    snprintf(path, sizeof path, ZONE_FOLDER "/%s", name);
    file = realpath(path, NULL);
    if (file == NULL)
        return err_set(e, ERR_INVALID, "there is no time zone '%s' in " ZONE_FOLDER, name);
    if (!file_read(file, ZONE_FILE_BYTES_MAX, &bytes, &why))
        return err_set(e, ERR_INVALID, "time zone '%s': %s", name, why.msg);
    return zone_read((const uint8_t *)bytes.data, bytes.len, ret, e) ||
           err_wrap(e, "time zone '%s'", name);
}

/* ---- look-ups ---- */

/* An instant of the table at which the same holds, and how much earlier it is. */
static int64_t folded(const struct zone *z, int64_t utc_s, int64_t *ret_earlier_s)
{
    int64_t last_s = z->count > 0 ? z->changes[z->count - 1].utc_s : 0;
    int64_t cycles = z->repeats && utc_s >= last_s ? (utc_s - last_s) / CYCLE_S + 1 : 0;

    *ret_earlier_s = cycles * CYCLE_S;
    return utc_s - *ret_earlier_s;
}

/* How many changes are not later. */
static size_t passed(const struct zone *z, int64_t utc_s)
{
    size_t from = 0, to = z->count;

    while (from < to) {
        size_t mid = from + (to - from) / 2;

        if (z->changes[mid].utc_s <= utc_s)
            from = mid + 1;
        else
            to = mid;
    }
    return from;
}

int32_t zone_offset(const struct zone *z, int64_t utc_s)
{
    int64_t earlier_s;
    size_t n = passed(z, folded(z, utc_s, &earlier_s));

    return n > 0 ? z->changes[n - 1].offset_s : z->first_s;
}

bool zone_next_change(const struct zone *z, int64_t after_s, int64_t *ret_s)
{
    int64_t earlier_s, at_s = folded(z, after_s, &earlier_s);
    size_t n = passed(z, at_s);

    if (n == z->count)
        return false;
    *ret_s = z->changes[n].utc_s + earlier_s;
    return true;
}

bool zone_instant(const struct zone *z, int64_t local_s, int64_t *ret_s)
{
    int64_t from_s = local_s - 2LL * CIVIL_DAY_S, change_s;

    for (;;) {
        int32_t offset_s = zone_offset(z, from_s);
        bool changes = zone_next_change(z, from_s, &change_s);

        if (!changes || local_s - offset_s < change_s) {
            bool there = local_s - offset_s >= from_s;

            *ret_s = there ? local_s - offset_s : from_s;
            return there;
        }
        from_s = change_s;
    }
}
