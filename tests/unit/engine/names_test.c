/* names_test.c -- whose a name is, and how a plugin is taken away. */
#include "bundles.h"

#include <string.h>

START_TEST(an_agent_id_that_another_plugin_holds_is_a_conflict_whatever_the_version)
{
    install(genuine, "one", "[\"*\"]");
    install(thief, "two", "[\"*\"]");
    ck_verdict("a-thief.orchbundle", "conflict: agent 'hello.greet' is held by plugin "
                                     "'hello@1.0.0' in 'genuine.orchbundle', signed by 'one'");
    ck_verdict("genuine.orchbundle", "ready");
    ck_assert_str_eq(agents_find(agents, RIG_TENANT, "hello.greet", NULL)->plugin, "hello@1.0.0");
    counts(1, 1);
}
END_TEST

START_TEST(who_was_first_holds_the_name_after_a_restart_too)
{
    install(genuine, "one", "[\"*\"]");
    install(thief, "two", "[\"*\"]");
    agents_free(agents);
    memset(rig.sandbox.loaded, 0, sizeof rig.sandbox.loaded);
    agents = agents_new(&rig.env);
    scan(); /* the thief's file comes first */
    says(thief, "pure");
    ck_verdict("a-thief.orchbundle", "agreed"); /* no name is given while one is on the way */
    says(genuine, "pure");
    ck_verdict("a-thief.orchbundle", "conflict");
    ck_verdict("genuine.orchbundle", "ready");
}
END_TEST

START_TEST(a_conflict_gets_the_name_when_the_other_goes)
{
    install(genuine, "one", "[\"*\"]");
    install(thief, "two", "[\"*\"]");
    remove_bundle("genuine.orchbundle");
    scan();
    ck_verdict("genuine.orchbundle", "removed");
    ck_verdict("a-thief.orchbundle", "ready");
    ck_assert_str_eq(agents_find(agents, RIG_TENANT, "hello.greet", NULL)->plugin, "thief@99.0.0");
    rig_settle(&rig);
    agents_free(agents); /* it keeps the name when the first comes back */
    memset(rig.sandbox.loaded, 0, sizeof rig.sandbox.loaded);
    agents = agents_new(&rig.env);
    put_bundle(genuine);
    scan();
    says(genuine, "pure");
    says(thief, "pure");
    ck_verdict("a-thief.orchbundle", "ready");
    ck_verdict("genuine.orchbundle", "conflict");
}
END_TEST

static bool allowed(const char *tenant, const char *plugin_id)
{
    auto_json rows = agents_list_owned(agents, tenant);
    const json_t *row;
    size_t i;

    json_array_foreach(rows, i, row)
    {
        if (strcmp(json_text_of(row, "pluginId"), plugin_id) == 0)
            return json_is_true(json_object_get(row, "allowed"));
    }
    return false;
}

START_TEST(tenants_that_do_not_meet_may_have_a_name_each)
{
    install(genuine, "one", "[\"acme\", \"test-*\"]");
    install(thief, "two", "[\"globex\", \"prod-?\"]");
    ck_verdict("genuine.orchbundle", "ready");
    ck_verdict("a-thief.orchbundle", "ready");
    ck_assert_str_eq(agents_find(agents, "acme", "hello.greet", NULL)->plugin, "hello@1.0.0");
    ck_assert_str_eq(agents_find(agents, "test-7", "hello.greet", NULL)->plugin, "hello@1.0.0");
    ck_assert_str_eq(agents_find(agents, "prod-7", "hello.greet", NULL)->plugin, "thief@99.0.0");
    ck_assert_ptr_null(agents_find(agents, "nobody", "hello.greet", NULL));
    ck_assert(allowed("acme", "hello"));
    ck_assert(!allowed("globex", "hello"));
}
END_TEST

START_TEST(patterns_of_tenants_that_meet_are_found)
{
    static const struct {
        const char *a, *b;
        bool meet;
    } cases[] = {
        {"a*", "*b", true},          {"a*c", "a?c", true},   {"a*", "b*", false},
        {"acme", "acme", true},      {"acme", "acm", false}, {"*", "", true},
        {"test-*", "test-1*", true}, {"a\\\\*", "a*", true}, {"a\\\\*", "ab", false},
        {"[ab]c", "bc", true},       {"[", "[", true},       {"?", "", false},
        {"*x*", "*y*", true},        {"a**", "*a", true},    {"ab?d*", "abc*e", true},
    };

    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        auto_mem char *first = mem_printf("[\"%s\"]", cases[i].a);
        auto_mem char *second = mem_printf("[\"%s\"]", cases[i].b);

        install(genuine, "one", first);
        install(thief, "two", second);
        ck_assert_msg((strstr(verdict("a-thief.orchbundle"), "conflict") != NULL) == cases[i].meet,
                      "%s and %s: %s", first, second, verdict("a-thief.orchbundle"));
        remove_bundle("a-thief.orchbundle");
        remove_bundle("genuine.orchbundle");
        scan();
    }
}
END_TEST

START_TEST(one_plugin_by_one_key_has_versions_and_the_highest_serves)
{
    struct packed newer = genuine, other_key = genuine, other_bytes = genuine;

    newer.file = "newer.orchbundle", newer.version = "1.1.0", newer.so = "\177ELF newer";
    other_key.file = "theirs.orchbundle", other_key.version = "2.0.0", other_key.so = "\177ELF 2";
    other_bytes.file = "again.orchbundle", other_bytes.so = "\177ELF other bytes";
    install(genuine, "one", "[\"*\"]");
    install(newer, "one", "[\"*\"]");
    ck_assert_str_eq(agents_find(agents, RIG_TENANT, "hello.greet", NULL)->plugin, "hello@1.1.0");
    install(other_bytes, "one", "[\"*\"]");
    ck_verdict("again.orchbundle", "'hello@1.0.0' is in the store with other content");
    remove_bundle("again.orchbundle");
    install(other_key, "two", "[\"*\"]");
    ck_verdict("theirs.orchbundle", "conflict: plugin id 'hello' is held by");
    ck_assert_str_eq(agents_find(agents, RIG_TENANT, "hello.greet", NULL)->plugin, "hello@1.1.0");
}
END_TEST

/* ---- by digest: what a run is pinned to ---- */

static const char theirs_digest[] =
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

START_TEST(a_library_is_found_by_its_digest_whoever_has_its_name)
{
    struct packed newer = genuine, other_key = genuine;
    struct sha256_hex old = so_digest(), theirs = sha256_hex("\177ELF 2", 6);

    newer.file = "newer.orchbundle", newer.version = "1.1.0", newer.so = "\177ELF newer";
    other_key.file = "theirs.orchbundle", other_key.version = "2.0.0", other_key.so = "\177ELF 2";
    install(genuine, "one", "[\"acme\"]");
    install(newer, "one", "[\"*\"]");
    install(other_key, "two", "[\"*\"]");
    ck_verdict("theirs.orchbundle", "conflict");
    ck_assert_str_eq(agents_find(agents, "acme", "hello.greet", old.text)->plugin, "hello@1.0.0");
    ck_assert_ptr_null(agents_find(agents, "globex", "hello.greet", old.text));
    ck_assert_ptr_null(agents_find(agents, "acme", "hello.other", old.text));
    ck_assert_str_eq(agents_find(agents, "acme", "hello.greet", theirs.text)->plugin,
                     "hello@2.0.0");
    ck_assert_str_eq(agents_find(agents, "acme", "hello.greet", NULL)->plugin, "hello@1.1.0");
}
END_TEST

START_TEST(a_library_that_was_taken_away_is_not_replaced_for_whom_it_is_pinned)
{
    struct packed newer = genuine;
    struct sha256_hex old = so_digest();
    struct err e = {0};

    newer.file = "newer.orchbundle", newer.version = "1.1.0", newer.so = "\177ELF newer";
    install(genuine, "one", "[\"*\"]");
    install(newer, "one", "[\"*\"]");
    ck_assert(!agents_withdrawn(agents, RIG_TENANT, "hello.greet", old.text, &e));
    remove_bundle(genuine.file);
    scan();
    ck_assert_ptr_null(agents_find(agents, RIG_TENANT, "hello.greet", old.text));
    ck_assert(!agents_withdrawn(agents, RIG_TENANT, "hello.greet", NULL, &e));
    ck_assert(agents_withdrawn(agents, RIG_TENANT, "hello.greet", old.text, &e));
    ck_assert_ptr_nonnull(strstr(e.msg, "'hello@1.0.0', which the run began with, is removed"));
    ck_assert(agents_awaited(agents, RIG_TENANT, "hello.greet", theirs_digest, &e));
    ck_assert_ptr_nonnull(strstr(e.msg, "the plugin of its start is not here"));
    ck_assert_ptr_nonnull(strstr(e.msg, theirs_digest));
}
END_TEST

START_TEST(a_development_host_runs_what_serves_where_it_has_not_what_was_pinned)
{
    struct sha256_hex old = so_digest();

    rig.env.set.folder_wins = true;
    install(genuine, "one", "[\"*\"]");
    ck_assert_str_eq(agents_find(agents, RIG_TENANT, "hello.greet", old.text)->digest.text,
                     old.text);
    ck_assert_str_eq(agents_find(agents, RIG_TENANT, "hello.greet", theirs_digest)->digest.text,
                     old.text);
    ck_assert_ptr_null(agents_find(agents, RIG_TENANT, "hello.other", theirs_digest));
}
END_TEST

/* Row F12: the library of the lying bundle is the genuine one's. */
START_TEST(a_lying_manifest_around_a_library_does_not_block_the_genuine_bundle)
{
    struct packed liar = {"a-liar.orchbundle", "liar", "1.0.0", "liar.greet", SO};

    for (int genuine_first = 0; genuine_first < 2; genuine_first++) {
        if (genuine_first)
            install(genuine, "one", "[\"*\"]");
        put_bundle(liar);
        put_bundle(genuine);
        scan();
        says(genuine, "pure"); /* whoever asked for it, the library says what it is */
        ck_verdict("genuine.orchbundle", "ready");
        ck_verdict("a-liar.orchbundle",
                   "refused: id: the plugin says 'hello', its manifest 'liar'");
        ck_assert_ptr_nonnull(agents_find(agents, RIG_TENANT, "hello.greet", NULL));
        ck_assert_ptr_null(agents_find(agents, RIG_TENANT, "liar.greet", NULL));
        remove_bundle("genuine.orchbundle");
        remove_bundle("a-liar.orchbundle");
        scan();
        ck_assert_str_eq(rig.sandbox.loaded[0].digest.text, "");
    }
}
END_TEST

/* Row F11. */
START_TEST(a_key_that_is_revoked_takes_its_plugin_away_at_once)
{
    auto_done(store_plugin_list) rows = {0};
    struct err e;

    install(genuine, "one", "[\"acme\"]");
    agents_scan(agents);
    ck_assert_ptr_nonnull(agents_find(agents, "acme", "hello.greet", NULL)); /* while it is asked */
    rig_authority_answers(&rig, ERR_DENIED);
    ck_assert_uint_eq(rig.sandbox.revoked, 1);
    ck_assert_str_eq(rig.sandbox.revoked_why, "the authority says no");
    ck_verdict("genuine.orchbundle", "revoked: the authority says no");
    ck_assert_ptr_null(agents_find(agents, "acme", "hello.greet", NULL));
    ck_assert(agents_withdrawn(agents, "acme", "hello.greet", NULL, &e));
    ck_assert_ptr_nonnull(strstr(e.msg, "hello@1.0.0' is revoked: the authority says no"));
    ck_assert(!agents_withdrawn(agents, "globex", "hello.greet", NULL, &e)); /* it never had it */
    ck_assert(!agents_withdrawn(agents, "acme", "hello.other", NULL, &e));
    rig_settle(&rig);
    ck_assert(store_read_plugins(rig.reader, NULL, (struct store_page){0}, &rows, &e));
    ck_assert_uint_eq(rows.count, 1); /* it may come back: its name stays its own */
    scan();                           /* trusted again */
    says(genuine, "pure");
    ck_verdict("genuine.orchbundle", "ready");
    ck_assert(!agents_withdrawn(agents, "acme", "hello.greet", NULL, &e));
}
END_TEST

START_TEST(an_authority_that_cannot_say_revokes_nothing)
{
    install(genuine, "one", "[\"*\"]");
    agents_scan(agents);
    rig_authority_answers(&rig, ERR_UNAVAILABLE);
    ck_verdict("genuine.orchbundle", "ready");
    rig.authority.attached = false;
    agents_scan(agents);
    ck_verdict("genuine.orchbundle", "ready");
    ck_assert(!agents_busy(agents));
    ck_assert_uint_eq(rig.sandbox.revoked, 0);
}
END_TEST

START_TEST(trust_that_changes_while_it_is_asked_is_asked_again)
{
    put_bundle(genuine);
    agents_scan(agents);
    agents_scan(agents);
    rig_authority_answers(&rig, ERR_NONE); /* as trust was */
    ck_verdict("genuine.orchbundle", "checking");
    rig_authority_answers(&rig, ERR_DENIED);
    ck_verdict("genuine.orchbundle", "refused");
    install(genuine, "one", "[\"*\"]");
    agents_scan(agents);
    agents_scan(agents);
    rig_authority_answers(&rig, ERR_NONE);
    ck_verdict("genuine.orchbundle", "ready");
    rig_authority_answers(&rig, ERR_DENIED);
    ck_verdict("genuine.orchbundle", "revoked");
}
END_TEST

START_TEST(a_bundle_that_is_removed_is_taken_away_whatever_it_waits_for)
{
    struct err e;

    install(genuine, "one", "[\"*\"]");
    remove_bundle("genuine.orchbundle");
    scan();
    ck_assert_uint_eq(rig.sandbox.revoked, 1);
    ck_assert(agents_withdrawn(agents, RIG_TENANT, "hello.greet", NULL, &e));
    put_bundle(genuine); /* while it is verified */
    agents_scan(agents);
    remove_bundle("genuine.orchbundle");
    scan();
    ck_verdict("genuine.orchbundle", "removed");
    put_bundle(genuine); /* while it is loaded */
    scan();
    remove_bundle("genuine.orchbundle");
    scan();
    ck_verdict("genuine.orchbundle", "removed");
    ck_assert_str_eq(rig.sandbox.loaded[0].digest.text, "");
    says(genuine, "pure");
    ck_assert_ptr_null(agents_find(agents, RIG_TENANT, "hello.greet", NULL));
}
END_TEST

START_TEST(a_copy_that_is_ready_keeps_the_attempts_of_one_that_is_removed)
{
    struct packed copy = genuine;

    copy.file = "b-copy.orchbundle";
    install(genuine, "one", "[\"*\"]");
    put_bundle(copy);
    scan();
    ck_verdict("b-copy.orchbundle", "ready");
    remove_bundle("genuine.orchbundle");
    scan();
    ck_verdict("genuine.orchbundle", "removed");
    ck_assert_uint_eq(rig.sandbox.revoked, 0);
    ck_assert_ptr_nonnull(agents_find(agents, RIG_TENANT, "hello.greet", NULL));
    remove_bundle("b-copy.orchbundle");
    scan();
    ck_assert_uint_eq(rig.sandbox.revoked, 1);
}
END_TEST

/* One key's bundle is revoked; another key has the same library for other tenants. */
START_TEST(a_library_that_two_keys_brought_begins_anew_for_the_other)
{
    struct packed copy = genuine;

    copy.file = "b-copy.orchbundle";
    install(genuine, "one", "[\"acme\"]");
    rig.authority.grants[0] = (struct rig_grant){0}; /* who answers below, says whose it is */
    put_bundle(copy);
    agents_scan(agents);
    rig.authority.key = "two", rig.authority.tenants = "[\"globex\"]";
    rig_authority_answers(&rig, ERR_NONE);
    rig.authority.key = "one", rig.authority.tenants = "[\"acme\"]";
    rig_authority_answers(&rig, ERR_NONE);
    ck_verdict("b-copy.orchbundle", "ready");
    ck_assert_ptr_nonnull(agents_find(agents, "globex", "hello.greet", NULL));
    agents_scan(agents);
    rig_authority_answers(&rig, ERR_DENIED); /* b-copy comes first */
    ck_assert_uint_eq(rig.sandbox.revoked, 1);
    ck_assert_ptr_null(agents_find(agents, "globex", "hello.greet", NULL));
    while (rig.authority.count > 0)
        rig_authority_answers(&rig, ERR_NONE);
    says(genuine, "pure");
    ck_verdict("genuine.orchbundle", "ready");
    ck_verdict("b-copy.orchbundle", "revoked");
}
END_TEST

START_TEST(a_quarantined_plugin_stays_so_until_it_is_released)
{
    struct sha256_hex digest = so_digest();
    struct packed copy = genuine;
    struct err e;

    copy.file = "copy.orchbundle";
    install(genuine, "one", "[\"*\"]");
    err_set(&e, ERR_UNAVAILABLE, "it failed three times");
    rig_plugin_gone(&rig.sandbox, digest.text);
    agents_on_quarantined(agents, digest.text, &e);
    ck_verdict("genuine.orchbundle", "quarantined: it failed three times");
    put_bundle(copy); /* another name does not help */
    scan();
    ck_verdict("copy.orchbundle", "quarantined");
    ck_assert(agents_withdrawn(agents, RIG_TENANT, "hello.greet", NULL, &e));
    remove_bundle("copy.orchbundle");
    scan();
    ck_verdict("genuine.orchbundle", "quarantined");
    ck_assert(!agents_release(agents, RIG_TENANT, "00", &e));
    ck_assert_int_eq(e.code, ERR_NOT_FOUND);
    ck_assert(agents_release(agents, RIG_TENANT, digest.text, &e));
    ck_assert(!agents_release(agents, RIG_TENANT, digest.text, &e)); /* it is none any more */
    while (rig.authority.count > 0)
        rig_authority_answers(&rig, ERR_NONE);
    says(genuine, "pure");
    ck_verdict("genuine.orchbundle", "ready");
}
END_TEST

START_TEST(a_plugin_released_while_it_is_verified_is_verified_once_more)
{
    struct sha256_hex digest = so_digest();
    struct err e = {0};

    install(genuine, "one", "[\"*\"]");
    agents_scan(agents);
    rig_plugin_gone(&rig.sandbox, digest.text);
    agents_on_quarantined(agents, digest.text, &(struct err){.code = ERR_UNAVAILABLE});
    ck_assert(agents_release(agents, RIG_TENANT, digest.text, &e));
    rig_authority_answers(&rig, ERR_NONE); /* what was asked before the release */
    ck_assert_uint_eq(rig.authority.count, 1);
    rig_authority_answers(&rig, ERR_NONE);
    says(genuine, "pure");
    ck_verdict("genuine.orchbundle", "ready");
}
END_TEST

START_TEST(warm_attempts_are_granted_by_the_entry_and_taken_back)
{
    rig.authority.warm = true;
    install(genuine, "one", "[\"*\"]");
    ck_assert(rig.sandbox.loaded[0].warm);
    ck_assert(agents_find(agents, RIG_TENANT, "hello.greet", NULL)->warm);
    rig.authority.warm = false;
    scan();
    ck_assert(!agents_find(agents, RIG_TENANT, "hello.greet", NULL)->warm);
}
END_TEST

TCase *names_cases(void)
{
    TCase *tc = tcase_create("names");

    tcase_add_checked_fixture(tc, bundles_begin, bundles_end);
    tcase_add_test(tc, an_agent_id_that_another_plugin_holds_is_a_conflict_whatever_the_version);
    tcase_add_test(tc, who_was_first_holds_the_name_after_a_restart_too);
    tcase_add_test(tc, a_conflict_gets_the_name_when_the_other_goes);
    tcase_add_test(tc, tenants_that_do_not_meet_may_have_a_name_each);
    tcase_add_test(tc, patterns_of_tenants_that_meet_are_found);
    tcase_add_test(tc, one_plugin_by_one_key_has_versions_and_the_highest_serves);
    tcase_add_test(tc, a_library_is_found_by_its_digest_whoever_has_its_name);
    tcase_add_test(tc, a_library_that_was_taken_away_is_not_replaced_for_whom_it_is_pinned);
    tcase_add_test(tc, a_development_host_runs_what_serves_where_it_has_not_what_was_pinned);
    tcase_add_test(tc, a_lying_manifest_around_a_library_does_not_block_the_genuine_bundle);
    tcase_add_test(tc, a_key_that_is_revoked_takes_its_plugin_away_at_once);
    tcase_add_test(tc, an_authority_that_cannot_say_revokes_nothing);
    tcase_add_test(tc, trust_that_changes_while_it_is_asked_is_asked_again);
    tcase_add_test(tc, a_bundle_that_is_removed_is_taken_away_whatever_it_waits_for);
    tcase_add_test(tc, a_copy_that_is_ready_keeps_the_attempts_of_one_that_is_removed);
    tcase_add_test(tc, a_library_that_two_keys_brought_begins_anew_for_the_other);
    tcase_add_test(tc, a_quarantined_plugin_stays_so_until_it_is_released);
    tcase_add_test(tc, a_plugin_released_while_it_is_verified_is_verified_once_more);
    tcase_add_test(tc, warm_attempts_are_granted_by_the_entry_and_taken_back);
    return tc;
}
