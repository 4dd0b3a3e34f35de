/* stock_test.c -- the store's bundles and the folder's: what is put there, fetched, removed. A home
 * of another host is the same folder without its files. */
#include "bundles.h"

#include "base/fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct packed hello = {"hello.orchbundle", "hello", "1.0.0", "hello.greet", SO};

/* Another host of the same store begins, with what is in the folder. */
static void another_host(void)
{
    agents_end(agents);
    rig_settle(&rig);
    bundles_end();
    memset(rig.sandbox.loaded, 0, sizeof rig.sandbox.loaded);
    rig.sandbox.plugins = 0;
    bundles_begin();
}

static void empty_folder(void)
{
    auto_mem char *clear = mem_printf("rm -rf '%s/plugins'", rig.folder);

    ck_assert_int_eq(system(clear), 0);
}

/* Of the one bundle that the store lists. */
static void one_row(struct store_bundle_list *ret)
{
    struct err e = {0};

    ck_assert_msg(store_read_bundles(rig.reader, (struct store_page){0}, ret, &e), "%s", e.msg);
    ck_assert_uint_eq(ret->count, 1);
}

static char *fetched_file(void)
{
    auto_done(store_bundle_list) l = {0};

    one_row(&l);
    return mem_printf("%s.orchbundle", l.rows[0].bundle_hash);
}

static bool in_folder(const char *file)
{
    auto_mem char *path = mem_printf("%s/plugins/%s", rig.folder, file);

    return access(path, F_OK) == 0;
}

static void written_at(const char *file, int64_t us)
{
    auto_mem char *path = mem_printf("%s/plugins/%s", rig.folder, file);
    const struct timespec t = {us / 1000000, 0}, times[2] = {t, t};

    ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* By a host of which nothing else is here. */
static void elsewhere(void (*add)(struct store_batch *b, const char *tenant, const char *hash,
                                  int64_t now_us))
{
    struct store_batch *batch = store_batch_new();
    auto_done(store_bundle_list) l = {0};
    struct err e = {0};

    one_row(&l);
    add(batch, "", l.rows[0].bundle_hash, rig_wall_us);
    ck_assert(store_commit_wait(rig.store, &batch, NULL, &e));
}

static void look(void)
{
    agents_look(agents);
    rig_settle(&rig);
    while (rig.authority.count > 0)
        rig_authority_answers(&rig, ERR_NONE);
}

static const json_t *row_of(json_t *rows, const char *file)
{
    json_t *row;
    size_t i;

    json_array_foreach(rows, i, row)
    {
        if (strcmp(json_string_value(json_object_get(row, "file")), file) == 0)
            return row;
    }
    return NULL;
}

static bool is_stored(const char *file)
{
    auto_json rows = agents_list_owned(agents, RIG_TENANT);

    return json_is_true(json_object_get(row_of(rows, file), "stored"));
}

START_TEST(a_bundle_that_is_ready_is_in_the_store_byte_for_byte)
{
    auto_mem char *path = mem_printf("%s/plugins/%s", rig.folder, hello.file);
    auto_done(store_bundle_list) l = {0};
    auto_done(store_bundle_part_list) part = {0};
    auto_done(buf) bytes = {0};
    struct err e = {0};

    trusted(hello, "key", "[\"*\"]");
    put_bundle(hello);
    scan();
    ck_assert(!agents_settled(agents));
    says(hello, "pure");
    ck_assert(agents_settled(agents));
    ck_assert(is_stored(hello.file));
    one_row(&l);
    ck_assert_str_eq(l.rows[0].plugin_id, "hello");
    ck_assert_str_eq(l.rows[0].key_id, "key");
    ck_assert(file_read(path, 1 << 20, &bytes, &e));
    ck_assert(store_read_bundle_part(rig.reader, l.rows[0].bundle_hash, 0, &part, &e));
    ck_assert_uint_eq(part.rows[0].content_bytes, bytes.len);
    ck_assert_int_eq(memcmp(part.rows[0].content, bytes.data, bytes.len), 0);
}
END_TEST

START_TEST(a_host_that_lacks_a_bundle_fetches_and_verifies_it_before_names_are_given)
{
    auto_mem char *file = NULL;

    install(hello, "key", "[\"*\"]");
    file = fetched_file();
    empty_folder();
    another_host();
    agents_scan(agents);
    ck_assert(agents_fetching(agents));
    rig_settle(&rig);
    ck_assert(in_folder(file));
    ck_assert_uint_eq(rig.sandbox.plugins, 0); /* the authority was asked first */
    rig_authority_answers(&rig, ERR_NONE);
    says(hello, "pure");
    ck_verdict(file, "ready");
    ck_assert(is_stored(file));
    ck_assert(agents_settled(agents));
}
END_TEST

START_TEST(a_host_that_does_not_trust_the_publisher_does_not_load_it_and_says_so)
{
    auto_mem char *file = NULL;

    install(hello, "key", "[\"*\"]");
    file = fetched_file();
    empty_folder();
    another_host();
    agents_scan(agents);
    rig_settle(&rig);
    rig_authority_answers(&rig, ERR_DENIED);
    ck_verdict(file, "refused");
    ck_assert_uint_eq(rig.sandbox.plugins, 0);
    ck_assert_ptr_null(agents_find(agents, RIG_TENANT, "hello.greet", NULL));
    look(); /* it is here: not fetched once more */
    ck_verdict(file, "refused");
}
END_TEST

static void damage_parts(void)
{
    struct store_batch *batch = store_batch_new();
    auto_done(store_bundle_list) l = {0};
    auto_mem char *junk = NULL;
    struct err e = {0};

    one_row(&l);
    junk = mem_zero(1, (size_t)l.rows[0].bytes);
    store_batch_bundle_part_put(batch, &(struct store_bundle_part){"", l.rows[0].bundle_hash, 0,
                                                                   junk, (size_t)l.rows[0].bytes});
    ck_assert(store_commit_wait(rig.store, &batch, NULL, &e));
}

START_TEST(bytes_that_are_not_those_of_the_hash_come_into_no_folder)
{
    auto_mem char *file = NULL;

    install(hello, "key", "[\"*\"]");
    file = fetched_file();
    damage_parts();
    empty_folder();
    another_host();
    scan();
    ck_assert(!in_folder(file));
    ck_assert(!agents_fetching(agents)); /* it goes on without */
    counts(0, 0);
}
END_TEST

START_TEST(what_is_removed_here_is_removed_from_the_store)
{
    auto_done(store_bundle_list) l = {0};
    auto_done(store_bundle_part_list) part = {0};
    struct err e = {0};

    install(hello, "key", "[\"*\"]");
    remove_bundle(hello.file);
    scan();
    one_row(&l);
    ck_assert_int_ne(l.rows[0].removed_us, 0);
    ck_assert(!store_read_bundle_part(rig.reader, l.rows[0].bundle_hash, 0, &part, &e));
    ck_verdict(hello.file, "removed");
}
END_TEST

START_TEST(what_is_removed_elsewhere_goes_with_its_attempts_and_its_file_is_kept_beside)
{
    install(hello, "key", "[\"*\"]");
    elsewhere(store_batch_bundle_remove);
    ck_verdict(hello.file, "ready");
    look();
    ck_verdict(hello.file, "removed: it was removed from the store by another host");
    ck_assert_uint_eq(rig.sandbox.revoked, 1);
    ck_assert(!in_folder(hello.file));
    ck_assert(in_folder("hello.orchbundle.removed"));
    ck_assert_ptr_null(agents_find(agents, RIG_TENANT, "hello.greet", NULL));
    install(hello, "key", "[\"*\"]"); /* by hand, once more */
    ck_verdict(hello.file, "ready");
    ck_assert(is_stored(hello.file));
    look();
    ck_verdict(hello.file, "ready");
}
END_TEST

START_TEST(an_old_file_of_what_was_removed_meanwhile_is_put_aside_and_a_new_one_is_installed)
{
    install(hello, "key", "[\"*\"]");
    elsewhere(store_batch_bundle_remove);
    written_at(hello.file, rig_wall_us - 60000000);
    another_host();
    scan();
    ck_verdict(hello.file, "removed");
    ck_assert(!in_folder(hello.file));
    another_host();
    put_bundle(hello);
    written_at(hello.file, rig_wall_us + 60000000);
    scan();
    says(hello, "pure");
    ck_verdict(hello.file, "ready");
    ck_assert(is_stored(hello.file));
}
END_TEST

START_TEST(a_version_with_other_content_than_the_stores_is_a_conflict)
{
    struct packed other = hello;
    auto_mem char *file = NULL;

    install(hello, "key", "[\"*\"]");
    file = fetched_file();
    empty_folder();
    another_host();
    other.so = "\177ELF rebuilt";
    put_bundle(other);
    scan();
    says(hello, "pure");
    says(other, "pure");
    ck_verdict(hello.file, "conflict: 'hello@1.0.0' is in the store with other content");
    ck_verdict(file, "ready");
}
END_TEST

START_TEST(a_development_host_puts_its_own_in_place_of_the_stores)
{
    struct packed other = hello;
    auto_mem char *before = NULL, *after = NULL;

    install(hello, "key", "[\"*\"]");
    before = fetched_file();
    another_host();
    rig.env.set.folder_wins = true;
    other.so = "\177ELF rebuilt";
    install(other, "key", "[\"*\"]");
    ck_verdict(hello.file, "ready");
    ck_assert(!in_folder(before));
    after = fetched_file();
    ck_assert_str_ne(before, after);
    rig.env.set.folder_wins = false;
}
END_TEST

START_TEST(a_release_elsewhere_tries_a_quarantined_plugin_again)
{
    struct err why = {0};

    install(hello, "key", "[\"*\"]");
    look();
    err_set(&why, ERR_INVALID, "it crashed five times");
    agents_on_quarantined(agents, so_digest().text, &why);
    rig_plugin_gone(&rig.sandbox, so_digest().text);
    look();
    ck_verdict(hello.file, "quarantined");
    elsewhere(store_batch_bundle_release);
    look();
    says(hello, "pure");
    ck_verdict(hello.file, "ready");
}
END_TEST

START_TEST(a_plugin_is_taken_away_by_its_digest_for_who_may_use_it)
{
    auto_done(store_bundle_list) l = {0};
    struct err e = {0};

    install(hello, "key", "[\"acme\"]");
    ck_assert(!agents_remove(agents, "other", so_digest().text, &e));
    ck_assert_int_eq(e.code, ERR_NOT_FOUND);
    ck_assert(agents_remove(agents, "acme", so_digest().text, &e));
    rig_settle(&rig);
    ck_verdict(hello.file, "removed: it was removed by an operator");
    ck_assert(!in_folder(hello.file));
    one_row(&l);
    ck_assert_int_ne(l.rows[0].removed_us, 0);
}
END_TEST

START_TEST(what_the_host_can_run_stands_in_its_row)
{
    auto_mem char *wanted = mem_printf("{\"hello.greet\":[\"%s\"]}", so_digest().text);
    auto_done(store_host_list) l = {0};
    auto_done(store_host_list) after = {0};
    struct err e = {0};

    install(hello, "key", "[\"*\"]");
    ck_assert(store_read_hosts(rig.reader, (struct store_page){0}, &l, &e));
    ck_assert_uint_eq(l.count, 1);
    ck_assert_str_eq(l.rows[0].agents, wanted);
    remove_bundle(hello.file);
    scan();
    ck_assert(store_read_hosts(rig.reader, (struct store_page){0}, &after, &e));
    ck_assert_str_eq(after.rows[0].agents, "{}");
}
END_TEST

TCase *stock_cases(void)
{
    TCase *tc = tcase_create("stock");

    tcase_add_checked_fixture(tc, bundles_begin, bundles_end);
    tcase_add_test(tc, a_bundle_that_is_ready_is_in_the_store_byte_for_byte);
    tcase_add_test(tc, a_host_that_lacks_a_bundle_fetches_and_verifies_it_before_names_are_given);
    tcase_add_test(tc, a_host_that_does_not_trust_the_publisher_does_not_load_it_and_says_so);
    tcase_add_test(tc, bytes_that_are_not_those_of_the_hash_come_into_no_folder);
    tcase_add_test(tc, what_is_removed_here_is_removed_from_the_store);
    tcase_add_test(tc,
                   what_is_removed_elsewhere_goes_with_its_attempts_and_its_file_is_kept_beside);
    tcase_add_test(
        tc, an_old_file_of_what_was_removed_meanwhile_is_put_aside_and_a_new_one_is_installed);
    tcase_add_test(tc, a_version_with_other_content_than_the_stores_is_a_conflict);
    tcase_add_test(tc, a_development_host_puts_its_own_in_place_of_the_stores);
    tcase_add_test(tc, a_release_elsewhere_tries_a_quarantined_plugin_again);
    tcase_add_test(tc, what_the_host_can_run_stands_in_its_row);
    tcase_add_test(tc, a_plugin_is_taken_away_by_its_digest_for_who_may_use_it);
    return tc;
}
