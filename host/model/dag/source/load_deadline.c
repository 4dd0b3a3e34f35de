/* load_deadline.c -- deadline, of a definition, a node and a request. See load.h. */
#include "base/clock.h"
#include "base/mem.h"
#include "model/dag/source/deadline.h"
#include "model/dag/source/load.h"

#include <stddef.h>

static void load_by(struct loader *l, void *target, const char *key, json_t *value);

#define AT(member) offsetof(struct deadline, member)
const struct field deadline_fields[] = {
    {.name = "by",
     FIELD_CUSTOM,
     AT(by_us),
     .load = load_by,
     .form = "an RFC 3339 time",
     .schema = "{\"type\": \"string\", \"pattern\": \"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ]"
               "[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})$\"}",
     .help = "The instant."},
    {.name = "within",
     FIELD_NUMBER,
     AT(within_s),
     0.001,
     TIMEOUT_S_MAX,
     .help = "Seconds since the run was created. This or `by`, never both."},
    {.name = "warn_before",
     FIELD_NUMBER,
     AT(warn_before_s),
     0.001,
     TIMEOUT_S_MAX,
     .help = "So many seconds before it a warning is told; less than `within`."},
    {0},
};
#undef AT

static void load_by(struct loader *l, void *target, const char *key, json_t *value)
{
    int64_t us;

    if (json_is_string(value) && clock_parse(json_string_value(value), &us) && us > 0)
        *(int64_t *)target = us;
    else
        load_wrong(l, key, value, "an RFC 3339 time");
}

static bool member_given(const json_t *value, const char *key)
{
    const json_t *member = json_object_get(value, key);

    return member != NULL && !json_is_null(member);
}

static void find_neither(struct loader *l, const json_t *value)
{
    const bool node = l->node_id != NULL;

    finding_add(l->findings, l->wrong, places_find(&l->source->places, value, NULL), &l->node_id,
                node ? 1 : 0, "%s%s%sdeadline needs 'by' or 'within'", node ? "Node '" : "",
                node ? l->node_id : "", node ? "': " : "");
}

/* What the table cannot say. Of members that are wrong already nothing more is found. */
static void check(struct loader *l, json_t *value, const struct deadline *deadline)
{
    bool by = member_given(value, "by"), within = member_given(value, "within");

    if (!by && !within)
        find_neither(l, value);
    else if (by && within)
        load_wrong(l, "within", json_object_get(value, "within"), "absent where 'by' is given");
    else if (deadline->within_s > 0 && deadline->warn_before_s >= deadline->within_s)
        load_wrong(l, "warn_before", json_object_get(value, "warn_before"), "less than 'within'");
}

static void load(struct loader *l, const char *key, json_t *value, struct deadline *target)
{
    struct loader inner = *l;

    if (!json_is_object(value)) {
        load_wrong(l, key, value, "an object");
        return;
    }
    inner.within = key;
    load_fields(&inner, deadline_fields, value, target);
    check(&inner, value, target);
}

void load_deadline(struct loader *l, void *target, const char *key, json_t *value)
{
    load(l, key, value, target);
}

void load_deadline_ptr(struct loader *l, void *target, const char *key, json_t *value)
{
    struct deadline **deadline = target;

    *deadline = mem_new(struct deadline);
    load(l, key, value, *deadline);
}

bool deadline_read(json_t *value, struct deadline *ret, struct err *e)
{
    auto_done(dag_findings) findings = {0};
    const struct source source = {0};
    struct loader l = {.source = &source, .findings = &findings, .wrong = FINDING_BAD_FIELD};

    *ret = (struct deadline){0};
    if (value == NULL || json_is_null(value))
        return true;
    load(&l, "deadline", value, ret);
    return findings.count == 0 || err_set(e, ERR_INVALID, "%s", findings.items[0].message);
}
