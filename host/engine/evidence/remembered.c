/* remembered.c -- see remembered.h. */
#include "engine/evidence/remembered.h"

#include "engine/evidence/tenant_trees.h"

#include <inttypes.h>
#include <string.h>

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

/* A head that the store does not have yet, though it was signed: the host ended in between. Its
 * events must be there. */
static bool catch_up(struct store_reader *reader, struct tenant_tree *t,
                     const struct ledger_head *head, struct err *e)
{
    while (t->head.tree.leaves < head->tree.leaves) {
        auto_done(store_leaf_list) rows = {0};

        if (!store_read_leaves(reader, head->tenant, t->head.last_seq, head->last_seq,
                               STORE_PAGE_ROWS_MAX, &rows, e))
            return false;
        for (size_t i = 0; i < rows.count && t->head.tree.leaves < head->tree.leaves; i++) {
            if (!tenant_tree_add(t, &rows.rows[i], e))
                return false;
        }
        if (rows.count == 0)
            return differs(head, &t->head.tree, e);
    }
    return same_root(head, &t->head.tree, e);
}

static bool take_head(struct store_reader *reader, const char *line, size_t len, struct err *e)
{
    struct tenant_tree *tree = NULL, *t;
    struct ledger_head head;
    bool good;

    if (!ledger_head_parse(line, len, &head, e))
        return false;
    good = tenant_trees_find(&tree, reader, head.tenant, &t, e) &&
           (t->head.tree.leaves > head.tree.leaves || catch_up(reader, t, &head, e));
    tenant_trees_clear(&tree);
    return good;
}

bool remembered_check(struct store_reader *reader, const char *heads, struct err *e)
{
    for (const char *at = heads, *end; *at != '\0'; at = end + 1) {
        end = strchrnul(at, '\n');
        if (!take_head(reader, at, (size_t)(end - at), e))
            return false;
        if (*end == '\0')
            break;
    }
    return true;
}
