/* settle.c -- see settle.h. */
#include "engine/catalog/settle.h"

#include "base/json.h"
#include "base/mem.h"
#include "model/dag/plan.h"
#include "model/dag/source/parse.h"

#include <ctype.h>
#include <string.h>

enum { STEPS_MAX = 1 << 30 };

static bool set_version(struct dag **dag, const char *version, struct err *e)
{
    auto_json doc = dag_to_json_owned(*dag);
    struct dag *next;

    json_object_set_new(doc, "version", json_string(version));
    if (!dag_from_json_valid(doc, &next, e))
        return false;
    dag_free(*dag);
    *dag = next;
    return true;
}

static bool text_equal(const char *a, const char *b)
{
    return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

/* The row was read with its definition. */
static bool has_all_of(const struct store_dag *row, const struct dag *dag)
{
    auto_json doc = NULL;
    auto_json none = json_object();
    const json_t *given = dag->metadata != NULL ? dag->metadata : none;

    if (strcmp(row->hash, dag->hash.text) != 0 || !text_equal(row->description, dag->description))
        return false;
    return dag_kept_read(row->definition, &doc, NULL) &&
           json_equal(json_object_get(doc, "metadata"), given) == 1;
}

/* Without the tree that a large definition would be: most have not. */
static bool has_hash_of(const struct store_dag *row, const struct dag *dag)
{
    struct dag under = *dag; /* borrows all of it */
    struct sha256_hex hash;

    under.version = row->version;
    return dag_hash(&under, &hash, NULL) && strcmp(hash.text, row->hash) == 0;
}

/* The newest version, when it has the definition under its own version; *dag becomes it. */
static bool newest_has(struct store_reader *reader, const char *tenant, struct dag **dag)
{
    auto_done(store_dag_list) rows = {0};
    auto_json doc = NULL;
    auto_obj(dag) under = NULL;
    struct err e = {0};

    if (!store_read_dag_latest(reader, tenant, (*dag)->dag_id, STORE_DAG_LIVE, &rows, &e) ||
        strcmp(rows.rows[0].version, (*dag)->version) == 0 || !has_hash_of(&rows.rows[0], *dag))
        return false;
    doc = dag_to_json_owned(*dag);
    json_object_set_new(doc, "version", json_string(rows.rows[0].version));
    if (!dag_from_json_valid(doc, &under, &e) || !has_all_of(&rows.rows[0], under))
        return false;
    dag_free(*dag);
    *dag = take(under);
    return true;
}

/* "1.0.0" and 2 give "1.0.2"; a version that does not end in a number gets ".2". */
static char *version_after(const char *version, unsigned long steps)
{
    size_t len = strlen(version), digits = len;

    while (digits > 0 && isdigit((unsigned char)version[digits - 1]))
        digits--;
    if (digits == len || len - digits > 9)
        return mem_printf("%s.%lu", version, steps);
    return mem_printf("%.*s%lu", (int)digits, version, strtoul(version + digits, NULL, 10) + steps);
}

static bool is_taken(struct store_reader *reader, const char *tenant, const struct dag *dag,
                     unsigned long steps, bool *ret, struct err *e)
{
    auto_mem char *version = version_after(dag->version, steps);
    auto_done(store_dag_list) rows = {0};

    *ret = store_read_dag_head(reader, tenant, dag->dag_id, version, &rows, e);
    return *ret || e->code == ERR_NOT_FOUND;
}

/* A free version behind a taken one: in doubling steps beyond the taken ones, then halving back. */
static bool next_free(struct store_reader *reader, const char *tenant, const struct dag *dag,
                      unsigned long *ret_steps, struct err *e)
{
    unsigned long below = 0, free_at = 1;
    bool taken;

    for (;; below = free_at, free_at *= 2) {
        if (!is_taken(reader, tenant, dag, free_at, &taken, e))
            return false;
        if (!taken)
            break;
        if (free_at >= STEPS_MAX)
            return err_set(e, ERR_CONFLICT, "no version is free behind %s", dag->version);
    }
    while (free_at - below > 1) {
        unsigned long middle = below + (free_at - below) / 2;

        if (!is_taken(reader, tenant, dag, middle, &taken, e))
            return false;
        *(taken ? &below : &free_at) = middle;
    }
    *ret_steps = free_at;
    return true;
}

bool settle_version(struct store_reader *reader, const char *tenant, enum version_rule rule,
                    struct dag **dag, bool *ret_created, struct err *e)
{
    auto_done(store_dag_list) rows = {0};
    auto_mem char *version = NULL;
    unsigned long steps = 0;

    *ret_created = true;
    if (!store_read_dag(reader, tenant, (*dag)->dag_id, (*dag)->version, &rows, e))
        return e->code == ERR_NOT_FOUND;
    if (has_all_of(&rows.rows[0], *dag)) {
        *ret_created = rows.rows[0].deleted_us != 0;
        return true;
    }
    if (rule == VERSION_EXACT)
        return err_set(e, ERR_CONFLICT,
                       "%s@%s exists with another content; versions are immutable, their "
                       "description and metadata too: publish it as a new version",
                       (*dag)->dag_id, (*dag)->version);
    if (newest_has(reader, tenant, dag)) {
        *ret_created = false;
        return true;
    }
    if (!next_free(reader, tenant, *dag, &steps, e))
        return false;
    version = version_after((*dag)->version, steps);
    return set_version(dag, version, e);
}
