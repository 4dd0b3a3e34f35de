/* remembered.c -- see remembered.h. */
#include "engine/evidence/remembered.h"

#include "base/mem.h"
#include "engine/evidence/tenant_trees.h"

#include <inttypes.h>
#include <string.h>

/* A head that the store does not have yet, though it was signed: the host ended in between. */
struct expected {
    struct ledger_head head;
    UT_hash_handle hh; /* by head.tenant */
};

struct checking {
    struct store_reader *reader;
    struct tenant_tree *trees;
    struct expected *expected;
    int64_t from, upto; /* the events that are to be read: behind from */
};

static void checking_done(struct checking *c)
{
    struct expected *x, *next;

    tenant_trees_clear(&c->trees);
    HASH_ITER(hh, c->expected, x, next)
    {
        HASH_DEL(c->expected, x);
        free(x);
    }
}
DEFINE_AUTO_DONE(checking)

static bool differs(const struct ledger_head *head, const struct merkle *have, struct err *e)
{
    if (have->leaves < head->tree.leaves)
        return err_set(e, ERR_CORRUPT,
                       "tenant '%s': a head over %" PRIu64
                       " events was signed (%s), the store has %" PRIu64 ": it is an older copy",
                       head->tenant, head->tree.leaves, head->timestamp, have->leaves);
    return err_set(e, ERR_CORRUPT,
                   "tenant '%s': the first %" PRIu64 " events are not those under the head of %s",
                   head->tenant, head->tree.leaves, head->timestamp);
}

static bool same_root(const struct ledger_head *head, const struct merkle *have, struct err *e)
{
    return strcmp(ledger_tree_root(have).text, ledger_tree_root(&head->tree).text) == 0 ||
           differs(head, have, e);
}

static void expect(struct checking *c, const struct ledger_head *head, int64_t sealed)
{
    struct expected *x = mem_new(struct expected);

    x->head = *head;
    HASH_ADD_STR(c->expected, head.tenant, x);
    if (c->upto == 0 || sealed < c->from)
        c->from = sealed;
    if (head->last_seq > c->upto)
        c->upto = head->last_seq;
}

static bool take_head(struct checking *c, const char *line, size_t len, struct err *e)
{
    struct ledger_head head;
    struct tenant_tree *t;

    if (!ledger_head_parse(line, len, &head, e) ||
        !tenant_trees_find(&c->trees, c->reader, head.tenant, &t, e))
        return false;
    if (t->head.tree.leaves == head.tree.leaves)
        return same_root(&head, &t->head.tree, e);
    if (t->head.tree.leaves < head.tree.leaves)
        expect(c, &head, t->head.last_seq);
    return true;
}

static bool take_leaf(struct checking *c, const struct store_leaf *leaf, struct err *e)
{
    struct tenant_tree *t;
    struct expected *x;

    HASH_FIND_STR(c->expected, leaf->tenant, x);
    if (x == NULL || !tenant_trees_find(&c->trees, c->reader, leaf->tenant, &t, e))
        return x == NULL;
    if (leaf->seq <= t->head.last_seq || t->head.tree.leaves == x->head.tree.leaves)
        return true;
    if (!tenant_trees_add(&c->trees, c->reader, leaf, e))
        return false;
    return t->head.tree.leaves < x->head.tree.leaves || same_root(&x->head, &t->head.tree, e);
}

static bool read_leaves(struct checking *c, struct err *e)
{
    while (c->from < c->upto) {
        auto_done(store_leaf_list) rows = {0};

        if (!store_read_leaves(c->reader, c->from, c->upto, STORE_PAGE_ROWS_MAX, &rows, e))
            return false;
        for (size_t i = 0; i < rows.count; i++) {
            if (!take_leaf(c, &rows.rows[i], e))
                return false;
        }
        c->from = rows.count > 0 ? rows.rows[rows.count - 1].seq : c->upto;
    }
    return true;
}

bool remembered_check(struct store_reader *reader, const char *heads, struct err *e)
{
    auto_done(checking) c = {.reader = reader};
    const struct expected *x;

    for (const char *at = heads, *end; *at != '\0'; at = end + 1) {
        end = strchrnul(at, '\n');
        if (!take_head(&c, at, (size_t)(end - at), e))
            return false;
        if (*end == '\0')
            break;
    }
    if (!read_leaves(&c, e))
        return false;
    for (x = c.expected; x != NULL; x = x->hh.next) {
        struct tenant_tree *t;

        if (!tenant_trees_find(&c.trees, reader, x->head.tenant, &t, e))
            return false;
        if (t->head.tree.leaves < x->head.tree.leaves)
            return differs(&x->head, &t->head.tree, e);
    }
    return true;
}
