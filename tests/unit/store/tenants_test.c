/* tenants_test.c -- secrets, plugins, idempotency keys, revoked tokens, tenants. */
#include "suites.h"

#include <string.h>

static void put_secret(const char *tenant, const char *name, int64_t version)
{
    static const char blob[] = "sealed\0bytes";
    struct store_batch *b = store_batch_new();
    const struct store_secret secret = {tenant, name, version, blob, sizeof blob, "op", 1};

    store_batch_secret_put(b, &secret);
    commit(b);
}

START_TEST(a_secrets_blob_comes_back_byte_for_byte)
{
    auto_done(store_secret_list) newest = {0};
    auto_done(store_secret_list) first = {0};
    auto_done(store_secret_list) other = {0};
    struct err e = {0};

    put_secret(SAMPLE_TENANT, "smtp", 1);
    put_secret(SAMPLE_TENANT, "smtp", 2);
    ck_assert(store_read_secret(fixture_reader, SAMPLE_TENANT, "smtp", 0, &newest, &e));
    ck_assert_int_eq(newest.rows[0].version, 2);
    ck_assert_uint_eq(newest.rows[0].blob_bytes, sizeof "sealed\0bytes");
    ck_assert_int_eq(memcmp(newest.rows[0].blob, "sealed\0bytes", sizeof "sealed\0bytes"), 0);
    ck_assert(store_read_secret(fixture_reader, SAMPLE_TENANT, "smtp", 1, &first, &e));
    ck_assert_int_eq(first.rows[0].version, 1);
    ck_assert(!store_read_secret(fixture_reader, "other", "smtp", 0, &other, &e));
    ck_assert_int_eq(e.code, ERR_NOT_FOUND);
}
END_TEST

START_TEST(secrets_list_their_newest_version_without_the_blob)
{
    auto_done(store_secret_list) l = {0};
    auto_done(store_secret_list) rest = {0};
    struct err e = {0};

    put_secret(SAMPLE_TENANT, "b", 1);
    put_secret(SAMPLE_TENANT, "a", 1);
    put_secret(SAMPLE_TENANT, "a", 2);
    put_secret("other", "c", 1);
    ck_assert(
        store_read_secrets(fixture_reader, SAMPLE_TENANT, (struct store_page){.size = 1}, &l, &e));
    ck_assert_str_eq(l.rows[0].name, "a");
    ck_assert_int_eq(l.rows[0].version, 2);
    ck_assert_ptr_null(l.rows[0].blob);
    ck_assert(store_read_secrets(fixture_reader, SAMPLE_TENANT, (struct store_page){l.next_page, 5},
                                 &rest, &e));
    ck_assert_uint_eq(rest.count, 1);
    ck_assert_str_eq(rest.rows[0].name, "b");
}
END_TEST

START_TEST(a_secrets_version_is_written_once_and_deleted_by_version_or_whole)
{
    auto_done(store_secret_list) l = {0};
    struct store_batch *b = store_batch_new();
    const struct store_secret again = {SAMPLE_TENANT, "s", 1, "x", 1, NULL, 1};
    struct err e = {0};

    put_secret(SAMPLE_TENANT, "s", 1);
    put_secret(SAMPLE_TENANT, "s", 2);
    put_secret(SAMPLE_TENANT, "s", 3);
    store_batch_secret_put(b, &again);
    ck_assert_int_eq(commit_code(b), ERR_CONFLICT);
    b = store_batch_new();
    store_batch_secret_delete(b, SAMPLE_TENANT, "s", 3);
    commit(b);
    ck_assert(store_read_secret(fixture_reader, SAMPLE_TENANT, "s", 0, &l, &e));
    ck_assert_int_eq(l.rows[0].version, 2);
    b = store_batch_new();
    store_batch_secret_delete(b, SAMPLE_TENANT, "s", 0);
    commit(b);
    b = store_batch_new();
    store_batch_secret_delete(b, SAMPLE_TENANT, "s", 0);
    ck_assert_int_eq(commit_code(b), ERR_NOT_FOUND);
}
END_TEST

static struct store_plugin plugin(const char *tenant, const char *id, const char *version)
{
    return (struct store_plugin){tenant,  id,      version, SAMPLE_HASH_A, "{\"agents\":[]}",
                                 "key-1", "admin", 1};
}

static void put_plugin(const char *tenant, const char *id, const char *version)
{
    struct store_batch *b = store_batch_new();
    const struct store_plugin p = plugin(tenant, id, version);

    store_batch_plugin_put(b, &p);
    commit(b);
}

static void list_plugins(const char *tenant, uint32_t size, struct buf *text)
{
    auto_mem char *token = NULL;

    do {
        auto_done(store_plugin_list) l = {0};
        struct err e = {0};

        ck_assert(
            store_read_plugins(fixture_reader, tenant, (struct store_page){token, size}, &l, &e));
        for (size_t i = 0; i < l.count; i++)
            buf_addf(text, "%s %s %s,", l.rows[i].plugin_id, l.rows[i].version, l.rows[i].tenant);
        free(token);
        token = mem_str(l.next_page);
    } while (token != NULL);
}

START_TEST(plugins_list_the_tenants_own_and_those_of_all)
{
    put_plugin("", "emissions", "1.9.0");
    put_plugin("", "emissions", "1.10.0");
    put_plugin(SAMPLE_TENANT, "emissions", "1.10.0");
    put_plugin("other", "private", "1.0.0");
    for (uint32_t size = 1; size < 5; size++) {
        auto_done(buf) own = {0};
        auto_done(buf) all = {0};

        list_plugins(SAMPLE_TENANT, size, &own);
        ck_assert_str_eq(buf_text(&own),
                         "emissions 1.10.0 ,emissions 1.10.0 " SAMPLE_TENANT ",emissions 1.9.0 ,");
        list_plugins(NULL, size, &all);
        ck_assert_str_eq(buf_text(&all), "emissions 1.10.0 ,emissions 1.10.0 " SAMPLE_TENANT
                                         ",emissions 1.9.0 ,private 1.0.0 other,");
    }
}
END_TEST

START_TEST(a_plugin_version_is_replaced_and_deleted)
{
    auto_done(store_plugin_list) l = {0};
    struct store_batch *b = store_batch_new();
    struct store_plugin p = plugin("", "emissions", "1.0.0");
    struct err e = {0};

    put_plugin("", "emissions", "1.0.0");
    p.bundle_hash = SAMPLE_HASH_B;
    store_batch_plugin_put(b, &p);
    commit(b);
    ck_assert(store_read_plugins(fixture_reader, NULL, (struct store_page){0}, &l, &e));
    ck_assert_uint_eq(l.count, 1);
    ck_assert_str_eq(l.rows[0].bundle_hash, SAMPLE_HASH_B);
    b = store_batch_new();
    store_batch_plugin_delete(b, "", "emissions", "1.0.0");
    commit(b);
    b = store_batch_new();
    store_batch_plugin_delete(b, "", "emissions", "1.0.0");
    ck_assert_int_eq(commit_code(b), ERR_NOT_FOUND);
}
END_TEST

static struct store_bundle bundle(const char *id, const char *version, const char *archive)
{
    return (struct store_bundle){"", id, version, "key-1", archive, archive, 3, 5, 0, 0};
}

static void put_bundle(const struct store_bundle *bundle)
{
    struct store_batch *b = store_batch_new();

    store_batch_bundle_put(b, bundle);
    commit(b);
}

START_TEST(bundles_are_listed_page_by_page_with_what_became_of_them)
{
    static const char *const ids[] = {"b", "a", "a", "c"};
    static const char *const versions[] = {"1", "2", "1", "1"};
    auto_mem char *token = NULL;
    auto_done(buf) text = {0};

    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        struct store_bundle row = bundle(ids[i], versions[i], SAMPLE_HASH_A);

        put_bundle(&row);
    }
    do {
        auto_done(store_bundle_list) l = {0};
        struct err e = {0};

        ck_assert(store_read_bundles(fixture_reader, (struct store_page){token, 1}, &l, &e));
        ck_assert_uint_eq(l.count, 1);
        ck_assert_int_eq(l.rows[0].bytes, 3);
        ck_assert_int_eq(l.rows[0].created_us, 5);
        ck_assert_int_eq(l.rows[0].removed_us, 0);
        buf_addf(&text, "%s@%s ", l.rows[0].plugin_id, l.rows[0].version);
        free(token);
        token = mem_str(l.next_page);
    } while (token != NULL);
    ck_assert_str_eq(buf_text(&text), "a@1 a@2 b@1 c@1 ");
}
END_TEST

START_TEST(a_version_by_one_key_has_one_archive_until_it_is_removed)
{
    struct store_bundle first = bundle("p", "1", SAMPLE_HASH_A), other = first;
    struct store_batch *b = store_batch_new();
    auto_done(store_bundle_list) l = {0};
    struct err e = {0};

    put_bundle(&first);
    other.archive_hash = other.bundle_hash = SAMPLE_HASH_B;
    store_batch_bundle_put(b, &other);
    ck_assert_int_eq(commit_code(b), ERR_CONFLICT);
    first.bundle_hash = SAMPLE_HASH_B; /* signed once more */
    put_bundle(&first);
    b = store_batch_new();
    store_batch_bundle_remove(b, "", SAMPLE_HASH_B, 9);
    commit(b);
    put_bundle(&other);
    other.key_id = "key-2";
    other.archive_hash = SAMPLE_HASH_A;
    put_bundle(&other);
    ck_assert(store_read_bundles(fixture_reader, (struct store_page){0}, &l, &e));
    ck_assert_uint_eq(l.count, 2);
    ck_assert_str_eq(l.rows[0].archive_hash, SAMPLE_HASH_B);
    ck_assert_int_eq(l.rows[0].removed_us, 0);
}
END_TEST

static void put_part(const char *hash, int64_t part, const char *text)
{
    struct store_batch *b = store_batch_new();

    store_batch_bundle_part_put(b, &(struct store_bundle_part){"", hash, part, text, strlen(text)});
    commit(b);
}

START_TEST(a_bundle_that_is_removed_says_when_and_has_no_parts)
{
    const struct store_bundle row = bundle("p", "1", SAMPLE_HASH_A);
    struct store_batch *b = store_batch_new();
    auto_done(store_bundle_part_list) part = {0};
    auto_done(store_bundle_part_list) gone = {0};
    auto_done(store_bundle_list) l = {0};
    struct err e = {0};

    put_part(SAMPLE_HASH_A, 0, "old");
    put_part(SAMPLE_HASH_A, 0, "one");
    put_part(SAMPLE_HASH_A, 1, "two");
    put_part(SAMPLE_HASH_B, 0, "b");
    put_bundle(&row);
    ck_assert(store_read_bundle_part(fixture_reader, SAMPLE_HASH_A, 0, &part, &e));
    ck_assert_uint_eq(part.rows[0].content_bytes, 3);
    ck_assert_int_eq(memcmp(part.rows[0].content, "one", 3), 0);
    store_batch_bundle_release(b, "", SAMPLE_HASH_A, 7);
    store_batch_bundle_remove(b, "", SAMPLE_HASH_A, 9);
    store_batch_bundle_remove(b, "", "no such", 9);
    store_batch_bundle_release(b, "", "no such", 9);
    commit(b);
    ck_assert(!store_read_bundle_part(fixture_reader, SAMPLE_HASH_A, 1, &gone, &e));
    ck_assert_int_eq(e.code, ERR_NOT_FOUND);
    ck_assert_int_eq(outside_int("SELECT count(*) FROM plugin_bundle_parts"), 1);
    ck_assert(store_read_bundles(fixture_reader, (struct store_page){0}, &l, &e));
    ck_assert_int_eq(l.rows[0].removed_us, 9);
    ck_assert_int_eq(l.rows[0].released_us, 7);
}
END_TEST

START_TEST(an_idempotency_key_answers_for_its_tenant_and_path_until_it_expires)
{
    auto_done(store_idempotency_list) hit = {0};
    auto_done(store_idempotency_list) path = {0};
    auto_done(store_idempotency_list) late = {0};
    struct store_batch *b = store_batch_new();
    const struct store_idempotency row = {SAMPLE_TENANT, "k",  "/runs", SAMPLE_HASH_A,
                                          201,           "{}", 10,      100};
    struct err e = {0};

    store_batch_idempotency_put(b, &row);
    commit(b);
    b = store_batch_new();
    store_batch_idempotency_put(b, &row);
    ck_assert_int_eq(commit_code(b), ERR_CONFLICT);
    ck_assert(store_read_idempotency(fixture_reader, SAMPLE_TENANT, "k", "/runs", 99, &hit, &e));
    ck_assert_uint_eq(hit.count, 1);
    ck_assert_int_eq(hit.rows[0].status, 201);
    ck_assert_str_eq(hit.rows[0].body, "{}");
    ck_assert(store_read_idempotency(fixture_reader, SAMPLE_TENANT, "k", "/dags", 99, &path, &e));
    ck_assert_uint_eq(path.count, 0);
    ck_assert(store_read_idempotency(fixture_reader, SAMPLE_TENANT, "k", "/runs", 100, &late, &e));
    ck_assert_uint_eq(late.count, 0);
}
END_TEST

START_TEST(what_has_expired_is_purged_and_the_rest_stays)
{
    auto_done(store_revoked_token_list) tokens = {0};
    struct store_batch *b = store_batch_new();
    const struct store_revoked_token old = {"jti-1", SAMPLE_TENANT, "lost", 1, 50};
    const struct store_revoked_token live = {"jti-2", SAMPLE_TENANT, "stolen", 1, 500};
    const struct store_idempotency key = {SAMPLE_TENANT, "k", "/p", "h", 201, "{}", 1, 50};
    struct err e = {0};

    store_batch_token_revoke(b, &old);
    store_batch_token_revoke(b, &live);
    store_batch_token_revoke(b, &live);
    store_batch_idempotency_put(b, &key);
    commit(b);
    b = store_batch_new();
    store_batch_purge_expired(b, 100);
    commit(b);
    ck_assert_int_eq(outside_int("SELECT count(*) FROM revoked_tokens"), 1);
    ck_assert_int_eq(outside_int("SELECT count(*) FROM idempotency"), 0);
    ck_assert(store_read_revoked_tokens(fixture_reader, 100, (struct store_page){0}, &tokens, &e));
    ck_assert_uint_eq(tokens.count, 1);
    ck_assert_str_eq(tokens.rows[0].token_id, "jti-2");
    ck_assert_str_eq(tokens.rows[0].reason, "stolen");
}
END_TEST

START_TEST(a_tenant_is_updated_in_place)
{
    auto_done(store_tenant_list) one = {0};
    auto_done(store_tenant_list) rest = {0};
    struct store_batch *b = store_batch_new();
    struct store_tenant t = {"b", "Beta", "{}", true, 5};
    const struct store_tenant a = {"a", "Alpha", "{\"maxActive\":5}", false, 6};
    struct err e = {0};

    store_batch_tenant_put(b, &t);
    store_batch_tenant_put(b, &a);
    t.settings = "{\"maxActive\":9}";
    t.created_us = 99;
    store_batch_tenant_put(b, &t);
    commit(b);
    ck_assert(store_read_tenants(fixture_reader, (struct store_page){.size = 1}, &one, &e));
    ck_assert_str_eq(one.rows[0].tenant, "a");
    ck_assert(!one.rows[0].enabled);
    ck_assert(store_read_tenants(fixture_reader, (struct store_page){one.next_page, 0}, &rest, &e));
    ck_assert_uint_eq(rest.count, 1);
    ck_assert_str_eq(rest.rows[0].settings, "{\"maxActive\":9}");
    ck_assert_int_eq(rest.rows[0].created_us, 5);
}
END_TEST

TCase *tenants_cases(void)
{
    TCase *c = tcase_create("tenants");

    tcase_add_checked_fixture(c, fixture_setup, fixture_teardown);
    tcase_add_test(c, a_secrets_blob_comes_back_byte_for_byte);
    tcase_add_test(c, secrets_list_their_newest_version_without_the_blob);
    tcase_add_test(c, a_secrets_version_is_written_once_and_deleted_by_version_or_whole);
    tcase_add_test(c, plugins_list_the_tenants_own_and_those_of_all);
    tcase_add_test(c, a_plugin_version_is_replaced_and_deleted);
    tcase_add_test(c, bundles_are_listed_page_by_page_with_what_became_of_them);
    tcase_add_test(c, a_version_by_one_key_has_one_archive_until_it_is_removed);
    tcase_add_test(c, a_bundle_that_is_removed_says_when_and_has_no_parts);
    tcase_add_test(c, an_idempotency_key_answers_for_its_tenant_and_path_until_it_expires);
    tcase_add_test(c, what_has_expired_is_purged_and_the_rest_stays);
    tcase_add_test(c, a_tenant_is_updated_in_place);
    tcase_set_timeout(c, 60);
    return c;
}
