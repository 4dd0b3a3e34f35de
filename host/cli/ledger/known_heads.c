/* known_heads.c -- see known_heads.h. */
#include "cli/ledger/known_heads.h"

#include "base/mem.h"

#include <inttypes.h>
#include <string.h>

struct known {
    char *signer, *file;
    struct ledger_head head;
    bool missed; /* an export passed its size with another tree */
};

struct known_heads {
    struct known *heads;
    size_t count, cap;
};

struct known_heads *known_heads_new(void)
{
    return mem_new(struct known_heads);
}

void known_heads_free(struct known_heads *k)
{
    if (k == NULL)
        return;
    for (size_t i = 0; i < k->count; i++) {
        free(k->heads[i].signer);
        free(k->heads[i].file);
    }
    free(k->heads);
    free(k);
}

static bool contradicts(const struct known *known, uint64_t leaves, struct err *e)
{
    return err_set(e, ERR_CORRUPT,
                   "tenant '%s': its first %" PRIu64
                   " events are not those under the head in '%s' (%" PRIu64
                   " events, signed %s): the key signed two histories",
                   known->head.tenant, leaves, known->file, known->head.tree.leaves,
                   known->head.timestamp);
}

/* Subtrees of one size begin at the same event as long as all larger ones were in both. Bits are
 * told apart by a mask: two bools made by shifts, where the sizes are known to be equal, gcc 12
 * takes for different at -O2. */
static bool agree(const struct merkle *a, const struct merkle *b)
{
    for (int level = MERKLE_LEVELS_MAX - 1; level >= 0; level--) {
        uint64_t bit = UINT64_C(1) << level;

        if (((a->leaves ^ b->leaves) & bit) != 0)
            return true;
        if ((a->leaves & bit) != 0 &&
            memcmp(a->subtree[level], b->subtree[level], SHA256_BYTES) != 0)
            return false;
    }
    return true;
}

static bool is_of(const struct known *known, const char *signer, const char *tenant)
{
    return strcmp(known->signer, signer) == 0 && strcmp(known->head.tenant, tenant) == 0;
}

void known_heads_pass(struct known_heads *k, const char *tenant, const struct merkle *tree)
{
    for (size_t i = 0; i < k->count; i++) {
        struct known *known = &k->heads[i];

        if (known->head.tree.leaves == tree->leaves && strcmp(known->head.tenant, tenant) == 0 &&
            !agree(&known->head.tree, tree))
            known->missed = true;
    }
}

bool known_heads_settle(struct known_heads *k, const char *signer, struct err *e)
{
    const struct known *contradicted = NULL;

    for (size_t i = 0; i < k->count; i++) {
        if (k->heads[i].missed && strcmp(k->heads[i].signer, signer) == 0)
            contradicted = &k->heads[i];
        k->heads[i].missed = false;
    }
    return contradicted == NULL || contradicts(contradicted, contradicted->head.tree.leaves, e);
}

/* Of one size, both are of the same events: which was signed first is not known. */
static bool times_follow(const struct ledger_head *a, const struct ledger_head *b, struct err *e)
{
    if (a->tree.leaves == b->tree.leaves)
        return true;
    return a->tree.leaves < b->tree.leaves ? ledger_head_times_follow(a, b, e)
                                           : ledger_head_times_follow(b, a, e);
}

bool known_heads_check(const struct known_heads *k, const char *signer,
                       const struct ledger_head *head, struct err *e)
{
    for (size_t i = 0; i < k->count; i++) {
        const struct known *known = &k->heads[i];
        bool larger = head->tree.leaves > known->head.tree.leaves;
        bool later = head->last_seq > known->head.last_seq;

        if (!is_of(known, signer, head->tenant))
            continue;
        if (!agree(&known->head.tree, &head->tree) ||
            (head->tree.leaves != known->head.tree.leaves && larger != later))
            return contradicts(known, head->tree.leaves, e);
        if (!times_follow(&known->head, head, e))
            return err_wrap(e, "beside '%s'", known->file);
    }
    return true;
}

void known_heads_add(struct known_heads *k, const char *signer, const struct ledger_head *head,
                     const char *file)
{
    if (k->count == k->cap) {
        k->cap = k->cap * 2 + 8;
        k->heads = mem_resize(k->heads, k->cap, sizeof *k->heads);
    }
    k->heads[k->count++] =
        (struct known){.signer = mem_str(signer), .file = mem_str(file), .head = *head};
}
