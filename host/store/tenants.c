/* tenants.c -- questions about secrets, plugins, idempotency keys, tokens and tenants
 * and the store itself (reader.h). */
#include "base/buf.h"
#include "model/version/version.h"
#include "store/question.h"

static struct page_key secret_key(const void *row)
{
    return (struct page_key){0, ((const struct store_secret *)row)->name, "", ""};
}

static struct page_key plugin_key(const void *row)
{
    const struct store_plugin *p = row;

    return (struct page_key){0, p->plugin_id, p->version, p->tenant};
}

static struct page_key bundle_key(const void *row)
{
    const struct store_bundle *b = row;

    return (struct page_key){0, b->plugin_id, b->version, b->key_id};
}

static struct page_key revoked_token_key(const void *row)
{
    return (struct page_key){0, ((const struct store_revoked_token *)row)->token_id, "", ""};
}

static struct page_key tenant_key(const void *row)
{
    return (struct page_key){0, ((const struct store_tenant *)row)->tenant, "", ""};
}

bool store_read_secrets(struct store_reader *r, const char *tenant, struct store_page page,
                        struct store_secret_list *ret, struct err *e)
{
    auto_done(page_start) at = {0};

    return page_begin(page, (struct page_key){0, "", "", ""}, &at, e) &&
           read_rows(r,
                     ASK_PAGE(Q_SECRETS, at.rows, secret_key, P_INT(0), P_TEXT(tenant),
                              P_TEXT(at.key.text), P_INT(at.rows + 1)),
                     &ret->list, NULL, e);
}

bool store_read_secret(struct store_reader *r, const char *tenant, const char *name,
                       int64_t version, struct store_secret_list *ret, struct err *e)
{
    return read_row(r, ASK(Q_SECRET, P_INT(1), P_TEXT(tenant), P_TEXT(name), P_INT(version)),
                    "secret", name, &ret->list, e);
}

bool store_read_plugins(struct store_reader *r, const char *tenant, struct store_page page,
                        struct store_plugin_list *ret, struct err *e)
{
    auto_done(page_start) at = {0};
    auto_done(buf) version = {0};

    if (!page_begin(page, (struct page_key){0, "", "", ""}, &at, e))
        return false;
    version_key(at.key.more, &version);
    return read_rows(r,
                     ASK_PAGE(Q_PLUGINS, at.rows, plugin_key, P_TEXT(tenant), P_TEXT(at.key.text),
                              P_TEXT(buf_text(&version)), P_TEXT(at.key.last), P_INT(at.rows + 1)),
                     &ret->list, NULL, e);
}

bool store_read_bundles(struct store_reader *r, struct store_page page,
                        struct store_bundle_list *ret, struct err *e)
{
    auto_done(page_start) at = {0};

    return page_begin(page, (struct page_key){0, "", "", ""}, &at, e) &&
           read_rows(r,
                     ASK_PAGE(Q_BUNDLES, at.rows, bundle_key, P_TEXT(at.key.text),
                              P_TEXT(at.key.more), P_TEXT(at.key.last), P_INT(at.rows + 1)),
                     &ret->list, NULL, e);
}

bool store_read_bundle_part(struct store_reader *r, const char *bundle_hash, int64_t part,
                            struct store_bundle_part_list *ret, struct err *e)
{
    return read_row(r, ASK(Q_BUNDLE_PART, P_TEXT(bundle_hash), P_INT(part)), "part of bundle",
                    bundle_hash, &ret->list, e);
}

bool store_read_idempotency(struct store_reader *r, const char *tenant, const char *key,
                            const char *path, int64_t now_us, struct store_idempotency_list *ret,
                            struct err *e)
{
    return read_rows(r,
                     ASK(Q_IDEMPOTENCY, P_TEXT(tenant), P_TEXT(key), P_TEXT(path), P_TIME(now_us)),
                     &ret->list, NULL, e);
}

bool store_read_revoked_tokens(struct store_reader *r, int64_t now_us, struct store_page page,
                               struct store_revoked_token_list *ret, struct err *e)
{
    auto_done(page_start) at = {0};

    return page_begin(page, (struct page_key){0, "", "", ""}, &at, e) &&
           read_rows(r,
                     ASK_PAGE(Q_REVOKED_TOKENS, at.rows, revoked_token_key, P_TIME(now_us),
                              P_TEXT(at.key.text), P_INT(at.rows + 1)),
                     &ret->list, NULL, e);
}

bool store_read_identity(struct store_reader *r, struct store_identity_list *ret, struct err *e)
{
    return read_rows(r, &(struct question){.query = Q_IDENTITY, .rows_max = 1}, &ret->list, NULL,
                     e);
}

bool store_read_tenants(struct store_reader *r, struct store_page page,
                        struct store_tenant_list *ret, struct err *e)
{
    auto_done(page_start) at = {0};

    return page_begin(page, (struct page_key){0, "", "", ""}, &at, e) &&
           read_rows(r,
                     ASK_PAGE(Q_TENANTS, at.rows, tenant_key, P_TEXT(at.key.text),
                              P_INT(at.rows + 1)),
                     &ret->list, NULL, e);
}
