/* revocations.c -- see revocations.h. One page, and of it one token, at a time: the authority has
 * each on its disk before it answers. */
#include "daemon/revocations.h"

#include "base/clock.h"
#include "base/mem.h"
#include "daemon/host.h"
#include "store/beside.h"

#include <string.h>
#include <uthash.h>

struct known_id {
    UT_hash_handle hh;
    char token_id[];
};

/* Beside the loop while it is read; then walked on the loop. */
struct looking {
    struct revocations *of;
    char *from; /* the page's token; NULL: the first */
    struct store_revoked_token_list rows;
    size_t at;
    bool ok;
};

struct revocations {
    struct host *host;
    struct known_id *known;
    bool looks, again;
};

static void step(struct looking *l);

static bool is_known(const struct revocations *r, const char *token_id)
{
    struct known_id *known;

    HASH_FIND_STR(r->known, token_id, known);
    return known != NULL;
}

void revocations_known(struct revocations *r, const char *token_id)
{
    size_t bytes = strlen(token_id) + 1;
    struct known_id *known;

    if (is_known(r, token_id))
        return;
    known = mem_zero(1, sizeof *known + bytes);
    memcpy(known->token_id, token_id, bytes);
    HASH_ADD_STR(r->known, token_id, known);
}

struct revocations *revocations_new(struct host *host)
{
    struct revocations *r = mem_new(struct revocations);

    r->host = host;
    return r;
}

void revocations_free(struct revocations *r)
{
    struct known_id *known, *next;

    if (r == NULL)
        return;
    HASH_ITER(hh, r->known, known, next)
    {
        HASH_DEL(r->known, known);
        free(known);
    }
    free(r);
}

/* ---- a look ---- */

static void looking_free(void *arg)
{
    struct looking *l = arg;

    l->of->looks = false;
    store_revoked_token_list_done(&l->rows);
    free(l->from);
    free(l);
}

static void ends(struct looking *l)
{
    struct revocations *r = l->of;
    bool again = r->again;

    r->again = false;
    looking_free(l);
    if (again)
        revocations_look(r);
}

static void read_now(void *arg, struct store_reader *reader)
{
    struct looking *l = arg;
    const struct store_page page = {.token = l->from, .size = STORE_PAGE_ROWS_MAX};
    struct err e = {0};

    l->ok = store_read_revoked_tokens(reader, clock_wall_us(), page, &l->rows, &e);
}

/* A store that cannot be read is asked with the next news. */
static void was_read(void *arg)
{
    struct looking *l = arg;

    if (l->ok)
        step(l);
    else
        looking_free(l);
}

static void read_page(struct looking *l)
{
    beside_give(l->of->host->beside, &(struct beside_work){read_now, was_read, looking_free, l});
}

static void next_page(struct looking *l)
{
    free(l->from);
    l->from = mem_str(l->rows.next_page);
    store_revoked_token_list_done(&l->rows);
    l->rows = (struct store_revoked_token_list){0};
    l->at = 0;
    read_page(l);
}

/* An authority that is away is told with the next look. */
static void listed(void *arg, const struct authority_result *result unused_arg, const struct err *e)
{
    struct looking *l = arg;

    if (e != NULL) {
        looking_free(l);
        return;
    }
    revocations_known(l->of, l->rows.rows[l->at++].token_id);
    step(l);
}

static void step(struct looking *l)
{
    struct host *host = l->of->host;
    const struct store_revoked_token *row;
    struct err e = {0};

    while (l->at < l->rows.count && is_known(l->of, l->rows.rows[l->at].token_id))
        l->at++;
    if (l->at == l->rows.count) {
        l->rows.next_page != NULL ? next_page(l) : ends(l);
        return;
    }
    row = &l->rows.rows[l->at];
    if (host->api != NULL)
        api_token_revoked(host->api, row->token_id);
    if (!authority_token_revoke(host->authority, row->token_id,
                                row->expires_us / 1000000 - REVOKED_KEPT_S,
                                (struct authority_reply){listed, l}, &e))
        looking_free(l);
}

void revocations_look(struct revocations *r)
{
    struct looking *l;

    r->again = r->looks;
    if (r->looks)
        return;
    r->looks = true;
    l = mem_new(struct looking);
    l->of = r;
    read_page(l);
}
