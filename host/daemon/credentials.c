/* credentials.c -- see identity.h. Start-up only: it waits for each answer. */
#include "daemon/credentials.h"

#include "authority/client/client.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "daemon/host.h"
#include "daemon/revocations.h"

#include <stdio.h>
#include <string.h>

enum { ANSWER_MS = 10000, DEV_TOKEN_TTL_S = 365 * 24 * 3600 };

/* One answer, as its callback left it. */
struct answer {
    struct err e;
    struct key_public host;
    uint8_t box[SECRET_BOX_KEY_BYTES];
    char *text; /* trust list or token */
};

static void take_keys(void *arg, const struct authority_result *result, const struct err *e)
{
    struct answer *a = arg;

    if (e != NULL) {
        a->e = *e;
        return;
    }
    a->host = result->keys.host;
    memcpy(a->box, result->keys.box, sizeof a->box);
}

static void take_trust(void *arg, const struct authority_result *result, const struct err *e)
{
    struct answer *a = arg;

    if (e != NULL)
        a->e = *e;
    else
        a->text = mem_strn(result->trust.data, result->trust.len);
}

static void take_token(void *arg, const struct authority_result *result, const struct err *e)
{
    struct answer *a = arg;

    if (e != NULL)
        a->e = *e;
    else
        a->text = mem_strn(result->token.data, result->token.len);
}

static void take_nothing(void *arg, const struct authority_result *result unused_arg,
                         const struct err *e)
{
    struct answer *a = arg;

    if (e != NULL)
        a->e = *e;
}

/* accepted: what the request call returned; e then holds its refusal. */
static bool settled(struct host *host, bool accepted, const struct answer *a, struct err *e)
{
    if (!accepted || !authority_client_wait(host->authority, ANSWER_MS, e))
        return err_wrap(e, "authority");
    if (a->e.code == ERR_NONE)
        return true;
    *e = a->e;
    return err_wrap(e, "authority");
}

static bool keys_of(struct host *host, struct answer *a, struct err *e)
{
    return settled(host,
                   authority_public_keys(host->authority, (struct authority_reply){take_keys, a},
                                         e),
                   a, e);
}

bool identity_load(struct host *host, struct err *e)
{
    struct answer a = {0};
    auto_done(buf) box = {0};
    struct sha256_hex id;

    if (!keys_of(host, &a, e))
        return false;
    text_add_base64(&box, a.box, sizeof a.box, false);
    if (!text_copy(host->box_key, sizeof host->box_key, buf_text(&box)))
        return err_set(e, ERR_CORRUPT, "the authority's box key does not fit");
    id = key_id(&a.host);
    snprintf(host->builder_id, sizeof host->builder_id, "orch:host/%s", id.text);
    return true;
}

/* ---- --dev ---- */

static bool trusts(const char *list, const struct key_public *key)
{
    auto_json entries = json_loads(list, 0, NULL);
    struct fingerprint own = key_fingerprint(key);
    const json_t *entry;
    size_t i;

    json_array_foreach(entries, i, entry)
    {
        const char *known = json_string_value(json_object_get(entry, "fingerprint"));

        if (known != NULL && strcmp(known, own.text) == 0)
            return true;
    }
    return false;
}

static bool trust_add(struct host *host, const struct key_public *key, struct err *e)
{
    struct answer added = {0};
    auto_mem char *entry = NULL;
    auto_done(buf) pem = {0};
    auto_json json = NULL;

    key_public_pem(key, &pem);
    json = json_pack("{s:s, s:s, s:[s,s], s:[s], s:[s], s:[s], s:[s,s,s]}", "name", "dev-publisher",
                     "public_key", buf_text(&pem), "roles", "publisher", "dag", "tenants", "*",
                     "plugins", "*", "agents", "*", "profiles", "pure", "files", "net");
    entry = json_dumps(json, JSON_COMPACT);
    log_event(LOG_WARN, "dev.publisher_trusted", F_STR("name", "dev-publisher"));
    return settled(host,
                   authority_trust_add(host->authority, entry, strlen(entry),
                                       (struct authority_reply){take_nothing, &added}, e),
                   &added, e);
}

/* HOME/publisher.pub.pem, which `./up` makes with `orch plugin keygen`. */
static bool trust_publisher(struct host *host, struct err *e)
{
    auto_mem char *path = mem_printf("%s/publisher.pub.pem", host->home);
    auto_mem char *list = NULL;
    struct answer a = {0};
    struct key_public key;

    if (!key_public_load(path, &key, e))
        return e->code == ERR_NOT_FOUND;
    if (!settled(host,
                 authority_trust_list(host->authority, (struct authority_reply){take_trust, &a}, e),
                 &a, e))
        return false;
    list = a.text;
    return trusts(list, &key) || trust_add(host, &key, e);
}

static bool token_good(struct host *host, const char *path)
{
    auto_done(buf) text = {0};
    struct answer a = {0};
    struct err e = {0};

    if (!file_read(path, TOKEN_BYTES_MAX, &text, &e))
        return false;
    while (text.len > 0 && text.data[text.len - 1] == '\n')
        text.len--;
    return settled(host,
                   authority_token_verify(host->authority, text.data, text.len,
                                          (struct authority_reply){take_nothing, &a}, &e),
                   &a, &e);
}

static bool write_token(struct host *host, struct err *e)
{
    auto_mem char *path = mem_printf("%s/token", host->home);
    auto_mem char *token = NULL;
    struct answer a = {0};
    struct token_request request = {
        .subject = "dev",
        .tenant = "default",
        .scopes = SCOPE_READ | SCOPE_WRITE | SCOPE_ADMIN | SCOPE_ORCH_READ,
        .ttl_s = DEV_TOKEN_TTL_S,
    };

    if (token_good(host, path))
        return true;
    if (!settled(host,
                 authority_token_mint(host->authority, &request,
                                      (struct authority_reply){take_token, &a}, e),
                 &a, e))
        return false;
    token = a.text;
    return file_write_atomic(path, token, strlen(token), 0600, e);
}

bool identity_dev(struct host *host, struct err *e)
{
    return trust_publisher(host, e) && write_token(host, e);
}

/* ---- revocations ---- */

bool identity_revocations(struct host *host, struct err *e)
{
    auto_mem char *token = NULL;

    do {
        auto_done(store_revoked_token_list) rows = {0};
        struct store_page page = {.token = token, .size = STORE_PAGE_ROWS_MAX};

        if (!store_read_revoked_tokens(host->reader, clock_wall_us(), page, &rows, e))
            return false;
        for (size_t i = 0; i < rows.count; i++) {
            struct answer a = {0};

            if (!settled(host,
                         authority_token_revoke(host->authority, rows.rows[i].token_id,
                                                rows.rows[i].expires_us / 1000000 - REVOKED_KEPT_S,
                                                (struct authority_reply){take_nothing, &a}, e),
                         &a, e))
                return false;
            revocations_known(host->revocations, rows.rows[i].token_id);
        }
        free(token);
        token = mem_str(rows.next_page);
    } while (token != NULL);
    return true;
}
