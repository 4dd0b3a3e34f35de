/* idempotency.c -- see idempotency.h. Only successes are kept: a refusal changed nothing. */
#include "api/auth/idempotency.h"

#include "base/clock.h"
#include "base/mem.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { KEY_BYTES_MAX = 128 };

struct idempotency {
    LIST_HEAD(, idempotency_claim) claims;
};

struct idempotency *idempotency_new(void)
{
    struct idempotency *i = mem_new(struct idempotency);

    LIST_INIT(&i->claims);
    return i;
}

void idempotency_free(struct idempotency *i)
{
    assert(i == NULL || LIST_EMPTY(&i->claims));
    free(i);
}

static bool key_valid(const char *key)
{
    size_t len = strlen(key);

    if (len == 0 || len > KEY_BYTES_MAX)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (key[i] <= ' ' || key[i] > '~')
            return false;
    }
    return true;
}

static bool twins(const struct idempotency_claim *a, const struct idempotency_claim *b)
{
    return a != b && strcmp(a->tenant, b->tenant) == 0 && strcmp(a->path, b->path) == 0 &&
           strcmp(a->key, b->key) == 0;
}

static bool twin_runs(const struct idempotency *i, const struct idempotency_claim *claim)
{
    const struct idempotency_claim *other;

    LIST_FOREACH(other, &i->claims, link)
    {
        if (other->held && twins(other, claim))
            return true;
    }
    return false;
}

static bool refuse(enum err_code code, const char *name, const char *text, const char **ret_code,
                   struct err *e)
{
    *ret_code = name;
    return err_set(e, code, "%s", text);
}

static bool refuse_twin(const char **ret_code, struct err *e)
{
    return refuse(ERR_CONFLICT, "IDEMPOTENCY_IN_PROGRESS",
                  "a request with this Idempotency-Key is still running", ret_code, e);
}

bool idempotency_look(struct idempotency *i, const struct idempotency_ask *ask,
                      struct idempotency_claim *claim, const char **ret_code, struct err *e)
{
    assert(!claim->looks && !claim->held);
    if (!key_valid(ask->key))
        return refuse(ERR_INVALID, "IDEMPOTENCY_KEY_INVALID",
                      "Idempotency-Key must be 1 to 128 printable characters without blanks",
                      ret_code, e);
    claim->tenant = ask->tenant;
    claim->key = ask->key;
    snprintf(claim->path, sizeof claim->path, "POST %s", ask->path);
    claim->body_hash = sha256_hex(ask->body_len > 0 ? ask->body : "", ask->body_len);
    if (twin_runs(i, claim))
        return refuse_twin(ret_code, e);
    claim->looks = true;
    LIST_INSERT_HEAD(&i->claims, claim, link);
    return true;
}

bool idempotency_find(const struct idempotency_claim *claim, struct store_reader *reader,
                      struct store_idempotency_list *ret, struct err *e)
{
    return store_read_idempotency(reader, claim->tenant, claim->key, claim->path, clock_wall_us(),
                                  ret, e);
}

bool idempotency_take(struct idempotency *i, struct idempotency_claim *claim,
                      const struct store_idempotency_list *found, const char **ret_code,
                      struct err *e)
{
    assert(claim->looks);
    if (found->count > 0)
        return strcmp(found->rows[0].request_hash, claim->body_hash.text) == 0 ||
               refuse(ERR_UNPROCESSABLE, "IDEMPOTENCY_KEY_REUSED",
                      "this Idempotency-Key came with another body before", ret_code, e);
    if (twin_runs(i, claim))
        return refuse_twin(ret_code, e);
    claim->looks = claim->stale;
    claim->held = !claim->stale;
    return true;
}

void idempotency_release(struct idempotency *i, struct idempotency_claim *claim)
{
    struct idempotency_claim *other;

    if (!claim->looks && !claim->held)
        return;
    LIST_REMOVE(claim, link);
    LIST_FOREACH(other, &i->claims, link)
    {
        if (claim->held && twins(claim, other))
            other->stale = true;
    }
    claim->looks = claim->held = claim->stale = false;
}
