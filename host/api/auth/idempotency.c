/* idempotency.c -- see idempotency.h. Only successes are kept: a refusal changed nothing. */
#include "api/auth/idempotency.h"

#include "base/clock.h"
#include "base/mem.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { KEY_BYTES_MAX = 128 };

struct idempotency {
    struct store_reader *reader;
    LIST_HEAD(, idempotency_claim) held;
};

struct idempotency *idempotency_new(struct store_reader *reader)
{
    struct idempotency *i = mem_new(struct idempotency);

    i->reader = reader;
    LIST_INIT(&i->held);
    return i;
}

void idempotency_free(struct idempotency *i)
{
    assert(i == NULL || LIST_EMPTY(&i->held));
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

static bool twin_runs(const struct idempotency *i, const struct idempotency_claim *claim)
{
    const struct idempotency_claim *other;

    LIST_FOREACH(other, &i->held, link)
    {
        if (strcmp(other->tenant, claim->tenant) == 0 && strcmp(other->path, claim->path) == 0 &&
            strcmp(other->key, claim->key) == 0)
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

bool idempotency_take(struct idempotency *i, const struct idempotency_ask *ask,
                      struct idempotency_claim *claim, struct store_idempotency_list *ret,
                      const char **ret_code, struct err *e)
{
    assert(!claim->held);
    if (!key_valid(ask->key))
        return refuse(ERR_INVALID, "IDEMPOTENCY_KEY_INVALID",
                      "Idempotency-Key must be 1 to 128 printable characters without blanks",
                      ret_code, e);
    claim->tenant = ask->tenant;
    claim->key = ask->key;
    snprintf(claim->path, sizeof claim->path, "POST %s", ask->path);
    claim->body_hash = sha256_hex(ask->body_len > 0 ? ask->body : "", ask->body_len);
    if (twin_runs(i, claim))
        return refuse(ERR_CONFLICT, "IDEMPOTENCY_IN_PROGRESS",
                      "a request with this Idempotency-Key is still running", ret_code, e);
    *ret_code = NULL;
    if (!store_read_idempotency(i->reader, claim->tenant, claim->key, claim->path, clock_wall_us(),
                                ret, e))
        return false;
    if (ret->count > 0)
        return strcmp(ret->rows[0].request_hash, claim->body_hash.text) == 0 ||
               refuse(ERR_UNPROCESSABLE, "IDEMPOTENCY_KEY_REUSED",
                      "this Idempotency-Key came with another body before", ret_code, e);
    claim->held = true;
    LIST_INSERT_HEAD(&i->held, claim, link);
    return true;
}

void idempotency_release(struct idempotency_claim *claim)
{
    if (claim->held)
        LIST_REMOVE(claim, link);
    claim->held = false;
}
