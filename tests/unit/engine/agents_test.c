/* agents_test.c -- bundles in the plugins folder: verified, unpacked, loaded, registered. */
#include "bundles.h"

#include "base/fd.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

START_TEST(a_bundle_is_verified_then_loaded_then_its_agents_are_found)
{
    const struct agent *agent;

    write_bundle("hello.orchbundle", "1.2.3");
    agents_scan(agents);
    ck_assert(agents_busy(agents));
    ck_assert_uint_eq(rig.sandbox.plugins, 0); /* not before the authority said so */
    rig_authority_answers(&rig, ERR_NONE);
    ck_assert_uint_eq(rig.sandbox.plugins, 1);
    ck_assert(agents_busy(agents));
    ready("1.2.3", "");
    ck_assert(!agents_busy(agents));
    counts(1, 0);
    agent = agents_find(agents, RIG_TENANT, "hello.greet", NULL);
    ck_assert_str_eq(agent->plugin, "hello@1.2.3");
    ck_assert_int_eq(agent->profile, PROFILE_PURE);
    ck_assert_ptr_null(agents_find(agents, RIG_TENANT, "hello.other", NULL));
    scan(); /* loaded once, whatever becomes of the file */
    ck_assert_uint_eq(rig.sandbox.plugins, 1);
}
END_TEST

START_TEST(the_loaded_plugin_has_a_row)
{
    auto_done(store_plugin_list) rows = {0};
    struct err e;

    write_bundle("hello.orchbundle", "1.2.3");
    scan();
    ready("1.2.3", "pure");
    ck_assert(store_read_plugins(rig.reader, NULL, (struct store_page){0}, &rows, &e));
    ck_assert_uint_eq(rows.count, 1);
    ck_assert_str_eq(rows.rows[0].version, "1.2.3");
    ck_assert_int_eq(agents_find(agents, RIG_TENANT, "hello.greet", NULL)->profile, PROFILE_PURE);
}
END_TEST

START_TEST(what_fails_is_refused_and_tried_again_by_the_next_scan)
{
    struct sha256_hex digest = so_digest();
    struct err e;

    write_bundle("hello.orchbundle", "1.2.3");
    agents_scan(agents);
    rig_authority_answers(&rig, ERR_DENIED);
    counts(0, 1);
    rig.authority.attached = false;
    agents_scan(agents);
    counts(0, 1);
    rig.authority.attached = true;
    rig.sandbox.refuse_plugins = true;
    scan();
    counts(0, 1);
    rig.sandbox.refuse_plugins = false;
    scan();
    ck_assert_uint_eq(rig.sandbox.plugins, 1);
    err_set(&e, ERR_INVALID, "it does not load");
    rig_plugin_gone(&rig.sandbox, digest.text);
    agents_on_failed(agents, digest.text, &e);
    counts(0, 1);
    ck_assert_ptr_null(agents_find(agents, RIG_TENANT, "hello.greet", NULL));
}
END_TEST

/* Row F2: the library of two bundles does not load while the second is verified anew. */
START_TEST(a_library_that_fails_leaves_the_bundle_that_is_being_verified_alone)
{
    struct sha256_hex digest = so_digest();
    struct err e;

    write_bundle("a.orchbundle", "1.2.3");
    write_bundle("b.orchbundle", "1.2.3");
    agents_scan(agents);
    rig_authority_answers(&rig, ERR_NONE);
    rig_authority_answers(&rig, ERR_NONE);
    err_set(&e, ERR_INVALID, "it does not load");
    for (int i = 0; i < 3; i++) {
        agents_scan(agents);
        agents_on_failed(agents, digest.text, &e);
        rig_plugin_gone(&rig.sandbox, digest.text);
        while (rig.authority.count > 0)
            rig_authority_answers(&rig, ERR_NONE);
        agents_on_failed(agents, digest.text, &e);
        rig_plugin_gone(&rig.sandbox, digest.text);
    }
    ck_assert(!agents_busy(agents));
    counts(0, 2);
}
END_TEST

START_TEST(a_file_that_is_no_bundle_is_refused)
{
    auto_mem char *folder = mem_printf("%s/plugins", rig.folder);
    auto_mem char *path = mem_printf("%s/bad.orchbundle", folder);
    auto_mem char *ignored = mem_printf("%s/notes.txt", folder);
    auto_mem char *nameless = mem_printf("%s/.orchbundle", folder);
    struct err e;

    mkdir(folder, 0700);
    ck_assert(file_write_atomic(path, "", 0, 0600, &e));
    ck_assert(file_write_atomic(ignored, "x", 1, 0600, &e));
    ck_assert(file_write_atomic(nameless, "x", 1, 0600, &e));
    scan();
    counts(0, 1);
}
END_TEST

START_TEST(the_store_is_looked_at_half_a_minute_after_the_last_look)
{
    int64_t first = rig_mono_ns;

    ck_assert_int_eq(agents_turn(agents, first), INT64_MAX); /* the folder was not read yet */
    scan();
    ck_assert_int_eq(agents_turn(agents, first), first + 30 * RIG_S);
    ck_assert_int_eq(agents_turn(agents, first + 30 * RIG_S - 1), first + 30 * RIG_S);
    ck_assert_int_eq(agents_turn(agents, first + 30 * RIG_S), first + 60 * RIG_S);
}
END_TEST

START_TEST(without_a_folder_there_is_nothing_to_load)
{
    scan();
    ck_assert(!agents_busy(agents));
    counts(0, 0);
}
END_TEST

START_TEST(words_of_a_plugin_that_nobody_added_are_passed_over)
{
    struct err e = {0};

    ready("1.2.3", "pure");
    agents_on_failed(agents, "0000", &e);
    counts(0, 0);
}
END_TEST

/* Row F1: the signed manifest names the agents, the library may not differ. */
START_TEST(a_plugin_that_says_other_than_its_manifest_is_refused_by_field)
{
    static const struct {
        struct packed says;
        const char *profile, *word;
    } cases[] = {
        {{NULL, "other", "1.2.3", "hello.greet", SO},
         "pure",
         "id: the plugin says 'other', its manifest 'hello'"},
        {{NULL, "hello", "9.9.9", "hello.greet", SO},
         "pure",
         "version: the plugin says '9.9.9', its manifest '1.2.3'"},
        {{NULL, "hello", "1.2.3", "other.pay", SO}, "pure", "agents: the plugin has 'other.pay'"},
        {{NULL, "hello", "1.2.3", "hello.greet", SO},
         "net",
         "agent 'hello.greet': profile: the plugin says 'net', its manifest 'pure'"},
    };

    write_bundle("hello.orchbundle", "1.2.3");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        scan();
        says(cases[i].says, cases[i].profile);
        ck_verdict("hello.orchbundle", cases[i].word);
        ck_assert_ptr_null(agents_find(agents, RIG_TENANT, "hello.greet", NULL));
        ck_assert_ptr_null(agents_find(agents, RIG_TENANT, "other.pay", NULL));
    }
    ck_assert_str_eq(rig.sandbox.loaded[0].digest.text, ""); /* nothing of it stays loaded */
    scan();
    ready("1.2.3", "pure");
    ck_verdict("hello.orchbundle", "ready");
}
END_TEST

static const struct packed hello = {"hello-1.2.3-linux-x86_64.orchbundle", "hello", "1.2.3",
                                    "hello.greet", SO};

static void damage(const char *file)
{
    auto_mem char *path = mem_printf("%s/plugins/%s", rig.folder, file);
    FILE *f = fopen(path, "w");

    ck_assert_ptr_nonnull(f);
    fputs("damaged", f);
    fclose(f);
}

static void host_again(void)
{
    agents_end(agents);
    rig_settle(&rig);
    bundles_end();
    rig_plugin_gone(&rig.sandbox, so_digest().text);
    rig_crash(&rig);
    bundles_begin();
}

/* The store has no bytes of what it remembers. */
static void store_loses_bundles(void)
{
    struct store_batch *batch = store_batch_new();
    auto_done(store_bundle_list) l = {0};
    struct err e = {0};

    ck_assert(store_read_bundles(rig.reader, (struct store_page){0}, &l, &e));
    for (size_t i = 0; i < l.count; i++)
        store_batch_bundle_remove(batch, "", l.rows[i].bundle_hash, 1);
    ck_assert(store_commit_wait(rig.store, &batch, NULL, &e));
}

static void check_awaited(const char *agent_id, const char *why)
{
    struct err e = {0};
    bool awaited = agents_awaited(agents, RIG_TENANT, agent_id, NULL, &e);

    ck_assert(awaited == (why != NULL));
    if (why != NULL)
        ck_assert_msg(strstr(e.msg, why) != NULL, "%s", e.msg);
}

START_TEST(an_agent_whose_bundle_was_damaged_or_lost_meanwhile_is_awaited)
{
    install(hello, "key", "[\"*\"]");
    host_again();
    store_loses_bundles();
    damage(hello.file);
    scan();
    check_awaited("hello.greet", "plugin 'hello@1.2.3' was refused");
    check_awaited("nobody.knows", NULL);
    remove_bundle(hello.file);
    host_again();
    scan();
    check_awaited("hello.greet", "plugin 'hello@1.2.3' has no bundle any more");
    install(hello, "key", "[\"*\"]");
    ck_assert_ptr_nonnull(agents_find(agents, RIG_TENANT, "hello.greet", NULL));
}
END_TEST

START_TEST(another_plugin_is_no_successor_of_one_that_is_lost)
{
    static const struct packed other = {"other.orchbundle", "other", "1.0.0", "other.do",
                                        "\177ELF other"};

    install(hello, "key", "[\"*\"]");
    remove_bundle(hello.file);
    host_again();
    store_loses_bundles();
    install(other, "key", "[\"*\"]");
    check_awaited("hello.greet", "plugin 'hello@1.2.3' has no bundle any more");
    check_awaited("other.do", NULL);
}
END_TEST

START_TEST(an_agent_that_was_taken_away_is_not_awaited)
{
    install(hello, "key", "[\"*\"]");
    remove_bundle(hello.file);
    scan();
    check_awaited("hello.greet", NULL);
    host_again();
    scan();
    check_awaited("hello.greet", NULL);
}
END_TEST

START_TEST(while_bundles_are_being_loaded_every_agent_is_awaited)
{
    put_bundle(hello);
    agents_scan(agents);
    check_awaited("hello.greet", "bundles are being loaded");
    check_awaited("nobody.knows", "bundles are being loaded");
    rig_authority_answers(&rig, ERR_NONE);
    says(hello, "pure");
    check_awaited("nobody.knows", NULL);
}
END_TEST

START_TEST(an_agent_that_the_next_version_has_no_more_is_not_awaited)
{
    static const struct packed next = {"next.orchbundle", "hello", "2.0.0", "hello.wave", SO};

    install(hello, "key", "[\"*\"]");
    host_again();
    store_loses_bundles();
    remove_bundle(hello.file);
    install(next, "key", "[\"*\"]");
    check_awaited("hello.greet", NULL);
}
END_TEST

TCase *agents_cases(void)
{
    TCase *tc = tcase_create("agents");

    tcase_add_checked_fixture(tc, bundles_begin, bundles_end);
    tcase_add_test(tc, a_bundle_is_verified_then_loaded_then_its_agents_are_found);
    tcase_add_test(tc, the_loaded_plugin_has_a_row);
    tcase_add_test(tc, what_fails_is_refused_and_tried_again_by_the_next_scan);
    tcase_add_test(tc, a_library_that_fails_leaves_the_bundle_that_is_being_verified_alone);
    tcase_add_test(tc, a_file_that_is_no_bundle_is_refused);
    tcase_add_test(tc, the_store_is_looked_at_half_a_minute_after_the_last_look);
    tcase_add_test(tc, without_a_folder_there_is_nothing_to_load);
    tcase_add_test(tc, words_of_a_plugin_that_nobody_added_are_passed_over);
    tcase_add_test(tc, a_plugin_that_says_other_than_its_manifest_is_refused_by_field);
    tcase_add_test(tc, an_agent_whose_bundle_was_damaged_or_lost_meanwhile_is_awaited);
    tcase_add_test(tc, another_plugin_is_no_successor_of_one_that_is_lost);
    tcase_add_test(tc, an_agent_that_was_taken_away_is_not_awaited);
    tcase_add_test(tc, while_bundles_are_being_loaded_every_agent_is_awaited);
    tcase_add_test(tc, an_agent_that_the_next_version_has_no_more_is_not_awaited);
    return tc;
}
