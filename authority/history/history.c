/* history.c -- see history.h. */
#include "authority/history/history.h"

#include "authority/trust/dsse.h"
#include "base/fd.h"
#include "base/lines.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/uuid.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <uthash.h>

enum { SPARE_LINES = 1024, STORE_FILE_BYTES_MAX = 64 };

struct remembered {
    struct ledger_head head;
    UT_hash_handle hh; /* by head.tenant */
};

struct history {
    struct key_public own;
    char *heads_path, *store_path;
    char store_id[UUID_TEXT_BYTES]; /* "": none yet */
    struct remembered *tenants;
    struct lines *lines;
};

static void forget_all(struct history *h)
{
    struct remembered *r, *next;

    HASH_ITER(hh, h->tenants, r, next)
    {
        HASH_DEL(h->tenants, r);
        free(r);
    }
}

void history_free(struct history *h)
{
    if (h == NULL)
        return;
    forget_all(h);
    lines_free(h->lines);
    free(h->heads_path);
    free(h->store_path);
    free(h);
}

static struct remembered *find(const struct history *h, const char *tenant)
{
    struct remembered *r;

    HASH_FIND_STR(h->tenants, tenant, r);
    return r;
}

static void remember(struct history *h, const struct ledger_head *head)
{
    struct remembered *r = find(h, head->tenant);

    if (r != NULL) {
        r->head = *head; /* the key's bytes stay the same */
        return;
    }
    r = mem_new(struct remembered);
    r->head = *head;
    HASH_ADD_STR(h->tenants, head.tenant, r);
}

/* ---- the files ---- */

static bool load_heads(struct history *h, struct err *e)
{
    auto_done(buf) text = {0};
    size_t number = 1;

    if (!lines_open(h->heads_path, (size_t)HISTORY_TENANTS_MAX * LEDGER_HEAD_BYTES_MAX, &h->lines,
                    &text, e))
        return false;
    for (const char *at = buf_text(&text), *end; *at != '\0'; at = end + 1, number++) {
        struct ledger_head head;

        end = strchr(at, '\n');
        if (!ledger_head_parse(at, (size_t)(end - at), &head, e))
            return err_wrap(e, "'%s' line %zu", h->heads_path, number);
        remember(h, &head);
    }
    return true;
}

static bool load_store_id(struct history *h, struct err *e)
{
    auto_done(buf) text = {0};
    struct err why = {0};

    if (!file_read(h->store_path, STORE_FILE_BYTES_MAX, &text, &why)) {
        if (why.code == ERR_NOT_FOUND)
            return true;
        return err_set(e, why.code, "%s", why.msg);
    }
    if (text.len != UUID_TEXT_BYTES || text.data[text.len - 1] != '\n')
        return err_set(e, ERR_CORRUPT, "'%s' is not the id of a store", h->store_path);
    text.data[text.len - 1] = '\0';
    if (!uuid_is_valid(text.data) || !text_copy(h->store_id, sizeof h->store_id, text.data))
        return err_set(e, ERR_CORRUPT, "'%s' is not the id of a store", h->store_path);
    return true;
}

bool history_load(const char *folder, const struct key_public *own, struct history **ret,
                  struct err *e)
{
    auto_obj(history) h = mem_new(struct history);

    h->own = *own;
    h->heads_path = mem_printf("%s/ledger-heads", folder);
    h->store_path = mem_printf("%s/store", folder);
    if (!load_store_id(h, e) || !load_heads(h, e))
        return err_wrap(e, "what was signed");
    *ret = take(h);
    return true;
}

/* ---- is it the same story? ---- */

/* The head that the host shows must be ours, or anybody could make us forget. */
static bool read_before(const struct history *h, const struct history_ask *ask,
                        struct ledger_head *ret, struct err *e)
{
    auto_obj(dsse_envelope) envelope = NULL;
    bool ours = false;

    if (ask->before_len == 0)
        return true;
    if (!dsse_parse(ask->before, ask->before_len, &envelope, e))
        return err_wrap(e, "the head before it");
    for (unsigned i = 0; i < envelope->count && !ours; i++)
        ours = dsse_signed_by(envelope, i, &h->own);
    if (!ours || strcmp(envelope->type, DSSE_TYPE_LEDGER_HEAD) != 0)
        return err_set(e, ERR_CONFLICT, "the head before it was not signed by this host's key");
    return ledger_head_parse(buf_text(&envelope->payload), envelope->payload.len, ret, e);
}

static bool other_history(const struct ledger_head *signed_before, struct err *e)
{
    return err_set(e, ERR_CONFLICT,
                   "tenant '%s': another history than the one that was signed: its first %" PRIu64
                   " events had the root %s",
                   signed_before->tenant, signed_before->tree.leaves,
                   ledger_tree_root(&signed_before->tree).text);
}

static bool same_root(const struct merkle *a, const struct merkle *b)
{
    return a->leaves == b->leaves &&
           strcmp(ledger_tree_root(a).text, ledger_tree_root(b).text) == 0;
}

/* The greater of what is remembered and what the host shows. */
static bool base_of(struct history *h, const struct ledger_head *before, const char *tenant,
                    struct ledger_head *ret, struct err *e)
{
    const struct remembered *r = find(h, tenant);

    *ret = r != NULL ? r->head : (struct ledger_head){0};
    if (before->tree.leaves > 0 && strcmp(before->tenant, tenant) != 0)
        return err_set(e, ERR_INVALID, "the head before it is another tenant's");
    if (before->tree.leaves == ret->tree.leaves && before->tree.leaves > 0 &&
        !same_root(&before->tree, &ret->tree))
        return other_history(ret, e);
    if (before->tree.leaves > ret->tree.leaves)
        *ret = *before;
    return true;
}

/* The events behind the base, put behind its tree, must give the head's. */
static bool goes_on(const struct ledger_head *base, uint64_t shown, const struct history_ask *ask,
                    const struct ledger_head *head, struct err *e)
{
    struct merkle tree = base->tree;

    for (uint64_t i = base->tree.leaves - shown; i < ask->leaves_len / SHA256_BYTES; i++) {
        uint8_t leaf[SHA256_BYTES];

        merkle_leaf(ask->leaves + i * SHA256_BYTES, SHA256_BYTES, leaf);
        merkle_append(&tree, leaf);
    }
    if (!same_root(&tree, &head->tree))
        return base->tree.leaves > 0
                   ? other_history(base, e)
                   : err_set(e, ERR_INVALID, "tenant '%s': the events do not give the head's root",
                             head->tenant);
    if ((head->last_seq > base->last_seq) != (head->tree.leaves > base->tree.leaves))
        return err_set(e, ERR_CONFLICT, "tenant '%s': event %" PRId64 " does not follow %" PRId64,
                       head->tenant, head->last_seq, base->last_seq);
    return true;
}

bool history_check(struct history *h, const struct history_ask *ask, struct ledger_head *ret,
                   struct err *e)
{
    struct ledger_head head, base, before = {0};

    if (!ledger_head_parse(ask->payload, ask->len, &head, e) || !read_before(h, ask, &before, e) ||
        !base_of(h, &before, head.tenant, &base, e))
        return false;
    if (ask->leaves_len % SHA256_BYTES != 0 ||
        before.tree.leaves + ask->leaves_len / SHA256_BYTES != head.tree.leaves)
        return err_set(e, ERR_INVALID,
                       "tenant '%s': a head over %" PRIu64 " events with %zu of %" PRIu64
                       " that it needs",
                       head.tenant, head.tree.leaves, ask->leaves_len / SHA256_BYTES,
                       head.tree.leaves - before.tree.leaves);
    if (head.tree.leaves < base.tree.leaves)
        return err_set(e, ERR_CONFLICT,
                       "tenant '%s': a head over %" PRIu64 " events, but one over %" PRIu64
                       " was signed: the store is an older copy",
                       head.tenant, head.tree.leaves, base.tree.leaves);
    if (!goes_on(&base, before.tree.leaves, ask, &head, e))
        return false;
    *ret = head;
    return true;
}

/* ---- remembering ---- */

static void add_line(const struct ledger_head *head, struct buf *b)
{
    ledger_head_write(head, b);
    buf_addc(b, '\n');
}

void history_list(const struct history *h, struct buf *b)
{
    const struct remembered *r;

    for (r = h->tenants; r != NULL; r = r->hh.next)
        add_line(&r->head, b);
}

static bool shorten(struct history *h, struct err *e)
{
    auto_done(buf) text = {0};

    if (lines_count(h->lines) <= 2 * (size_t)HASH_COUNT(h->tenants) + SPARE_LINES)
        return true;
    history_list(h, &text);
    return lines_replace(h->lines, buf_text(&text), text.len, HASH_COUNT(h->tenants), e);
}

static bool may_keep(const struct history *h, const struct ledger_head *heads, size_t count,
                     struct err *e)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (strcmp(heads[i].tenant, heads[j].tenant) == 0)
                return err_set(e, ERR_INVALID, "two heads of tenant '%s' at once", heads[i].tenant);
        }
    }
    if (HASH_COUNT(h->tenants) + count > HISTORY_TENANTS_MAX)
        return err_set(e, ERR_LIMIT, "the ledgers of %u tenants are remembered",
                       HASH_COUNT(h->tenants));
    return true;
}

bool history_keep(struct history *h, const struct ledger_head *heads, size_t count, struct err *e)
{
    auto_done(buf) text = {0};

    if (!may_keep(h, heads, count, e))
        return false;
    for (size_t i = 0; i < count; i++)
        add_line(&heads[i], &text);
    if (!lines_add(h->lines, buf_text(&text), text.len, count, e))
        return false;
    for (size_t i = 0; i < count; i++)
        remember(h, &heads[i]);
    return shorten(h, e);
}

/* ---- the store ---- */

static bool write_store_id(struct history *h, const char *store_id, struct err *e)
{
    auto_mem char *text = mem_printf("%s\n", store_id);

    return file_write_atomic(h->store_path, text, strlen(text), 0600, e) &&
           (text_copy(h->store_id, sizeof h->store_id, store_id) ||
            err_set(e, ERR_INVALID, "'%.64s' is not a store's id", store_id));
}

/* What was signed stays to be shown; a second time for the same store it is added to. */
static bool put_aside(struct history *h, struct err *e)
{
    auto_mem char *aside = mem_printf("%s.%s", h->heads_path, h->store_id);
    auto_obj(lines) old = NULL;
    auto_done(buf) kept = {0};
    auto_done(buf) now = {0};

    history_list(h, &now);
    if (!lines_open(aside, (size_t)HISTORY_TENANTS_MAX * LEDGER_HEAD_BYTES_MAX, &old, &kept, e) ||
        !lines_add(old, buf_text(&now), now.len, HASH_COUNT(h->tenants), e) ||
        !lines_replace(h->lines, "", 0, 0, e))
        return err_wrap(e, "put aside what was signed");
    forget_all(h);
    return true;
}

bool history_bind(struct history *h, const char *store_id, bool anew, struct err *e)
{
    if (!uuid_is_valid(store_id))
        return err_set(e, ERR_INVALID, "'%.64s' is not a store's id", store_id);
    if (h->store_id[0] == '\0' && !anew)
        return write_store_id(h, store_id, e);
    if (!anew)
        return strcmp(h->store_id, store_id) == 0 ||
               err_set(e, ERR_CONFLICT, "the store is %s, but this home's is %s", store_id,
                       h->store_id);
    log_event(LOG_WARN, "authority.history_put_aside", F_STR("store", h->store_id),
              F_STR("new_store", store_id), F_INT("tenants", HASH_COUNT(h->tenants)));
    return put_aside(h, e) && write_store_id(h, store_id, e);
}
