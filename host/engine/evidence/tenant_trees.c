/* tenant_trees.c -- see tenant_trees.h. */
#include "engine/evidence/tenant_trees.h"

#include "authority/trust/dsse.h"
#include "base/mem.h"
#include "base/text.h"

#include <string.h>

/* Where the tenant's tree goes on: its newest head, or nothing. */
static bool load(struct store_reader *reader, const char *tenant, struct tenant_tree *t,
                 struct err *e)
{
    auto_done(store_ledger_head_list) rows = {0};
    auto_obj(dsse_envelope) envelope = NULL;
    const struct store_ledger_head *row;

    if (!text_copy(t->head.tenant, sizeof t->head.tenant, tenant))
        return err_set(e, ERR_CORRUPT, "a tenant's name does not fit");
    if (!store_read_ledger_head(reader, tenant, &rows, e))
        return false;
    if (rows.count == 0)
        return true;
    row = &rows.rows[0];
    if (!dsse_parse(row->envelope, strlen(row->envelope), &envelope, e) ||
        !ledger_head_parse(buf_text(&envelope->payload), envelope->payload.len, &t->head, e))
        return err_wrap(e, "tenant '%s'", tenant);
    t->created_us = row->created_us;
    t->before = mem_str(row->envelope);
    if (strcmp(t->head.tenant, tenant) != 0 || t->head.last_seq != row->last_seq ||
        (int64_t)t->head.tree.leaves != row->tree_size)
        return err_set(e, ERR_CORRUPT, "tenant '%s': the newest head and its row differ", tenant);
    return true;
}

static void tree_free(struct tenant_tree *t)
{
    if (t == NULL)
        return;
    free(t->before);
    buf_done(&t->leaves);
    free(t);
}

bool tenant_trees_find(struct tenant_tree **trees, struct store_reader *reader, const char *tenant,
                       struct tenant_tree **ret, struct err *e)
{
    struct tenant_tree *made;
    struct tenant_tree *t;

    HASH_FIND_STR(*trees, tenant, t);
    *ret = t;
    if (t != NULL)
        return true;
    made = mem_new(struct tenant_tree);
    if (!load(reader, tenant, made, e)) {
        tree_free(made);
        return false;
    }
    t = made;
    HASH_ADD_STR(*trees, head.tenant, t);
    *ret = t;
    return true;
}

bool tenant_tree_add(struct tenant_tree *t, const struct store_leaf *leaf, struct err *e)
{
    uint8_t hash[SHA256_BYTES];

    if (leaf->seq <= t->head.last_seq)
        return err_set(e, ERR_CORRUPT, "tenant '%s': event %lld is under a head already",
                       t->head.tenant, (long long)leaf->seq);
    t->head.last_seq = leaf->seq;
    if (!ledger_tree_add(&t->head.tree, leaf->hash, e))
        return err_wrap(e, "event %lld", (long long)leaf->seq);
    if (!text_unhex(leaf->hash, SHA256_HEX_BYTES - 1, hash, sizeof hash))
        return err_set(e, ERR_CORRUPT, "event %lld: its hash is no hex", (long long)leaf->seq);
    buf_add(&t->leaves, hash, sizeof hash);
    return true;
}

void tenant_trees_clear(struct tenant_tree **trees)
{
    struct tenant_tree *t, *next;

    HASH_ITER(hh, *trees, t, next)
    {
        HASH_DEL(*trees, t);
        tree_free(t);
    }
}
