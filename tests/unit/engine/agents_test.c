/* agents_test.c -- bundles in the plugins folder: verified, unpacked, loaded, registered. */
#include "suites.h"

#include "base/fd.h"
#include "base/mem.h"
#include "bundle/archive.h"
#include "bundle/bundle.h"

#include <orch/plugin.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct agents *agents;

/* What is packed where a shared object should be: nobody loads it here. */
#define SO "\177ELF not really"

struct packed {
    const char *file, *id, *version, *agent, *so;
};

static void pack(struct packed what)
{
    const struct bundle_file files[] = {{"lib/hello.so", what.so, strlen(what.so)}};
    auto_done(buf) payload = {0}, archive = {0}, envelope = {0}, bytes = {0};
    auto_mem char *folder = mem_printf("%s/plugins", rig.folder);
    auto_mem char *path = mem_printf("%s/%s", folder, what.file);
    auto_mem char *source = mem_printf(
        "{\"id\":\"%s\",\"version\":\"%s\",\"agents\":[{\"id\":\"%s\","
        "\"version\":\"1.0.0\",\"profile\":\"pure\"}],\"requests\":{\"profiles\":[\"pure\"],"
        "\"network\":[],\"limits\":{}}}",
        what.id, what.version, what.agent);
    auto_obj(manifest) manifest = NULL;
    struct bundle_view view;
    struct err e;

    mkdir(folder, 0700);
    ck_assert_msg(manifest_parse(source, strlen(source), MANIFEST_SOURCE, &manifest, &e), "%s",
                  e.msg);
    ck_assert_msg(bundle_pack(manifest, files, 1, &payload, &archive, &e), "%s", e.msg);
    bundle_envelope_unsigned(payload.data, payload.len, &envelope);
    view = (struct bundle_view){envelope.data, envelope.len, archive.data, archive.len};
    bundle_join(&view, &bytes);
    ck_assert(file_write_atomic(path, bytes.data, bytes.len, 0600, &e));
}

static void write_bundle(const char *file, const char *version)
{
    pack((struct packed){file, "hello", version, "hello.greet", SO});
}

static void remove_bundle(const char *file)
{
    auto_mem char *path = mem_printf("%s/plugins/%s", rig.folder, file);

    ck_assert_int_eq(unlink(path), 0);
}

static void scan(void)
{
    agents_scan(agents);
    while (rig.authority.count > 0)
        rig_authority_answers(&rig, ERR_NONE);
}

static struct sha256_hex so_digest(void)
{
    return sha256_hex(SO, strlen(SO));
}

/* The library was loaded and says this of itself. */
static void says(struct packed what, const char *profile)
{
    struct sha256_hex digest = sha256_hex(what.so, strlen(what.so));
    const struct sandbox_agent agent = {.id = what.agent, .version = "1.0.0", .profile = profile};

    agents_on_ready(agents, &(struct sandbox_plugin_info){.digest = digest.text,
                                                          .id = what.id,
                                                          .version = what.version,
                                                          .abi_major = ORCH_ABI_MAJOR,
                                                          .agents = &agent,
                                                          .n_agents = 1});
    rig_settle(&rig);
}

static void ready(const char *version, const char *profile)
{
    says((struct packed){NULL, "hello", version, "hello.greet", SO}, profile);
}

/* "VERDICT: REASON" of the file; "" when it has none. Valid until the next call. */
static const char *verdict(const char *file)
{
    static char text[1024];
    auto_json rows = agents_list_owned(agents, RIG_TENANT);
    const json_t *row;
    size_t i;

    text[0] = '\0';
    json_array_foreach(rows, i, row)
    {
        const char *reason = json_string_value(json_object_get(row, "reason"));

        if (strcmp(json_string_value(json_object_get(row, "file")), file) == 0)
            snprintf(text, sizeof text, "%s: %s",
                     json_string_value(json_object_get(row, "verdict")), reason ? reason : "");
    }
    return text;
}

#define ck_verdict(file, word)                                                                     \
    ck_assert_msg(strstr(verdict(file), word) != NULL, "%s is '%s'", file, verdict(file))

static void counts(unsigned loaded, unsigned refused)
{
    unsigned l, r;

    agents_counts(agents, &l, &r);
    ck_assert_uint_eq(l, loaded);
    ck_assert_uint_eq(r, refused);
}

static void begin(void)
{
    agents = agents_new(&rig.env);
}

static void end(void)
{
    agents_free(agents);
}

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
    agent = agents_find(agents, RIG_TENANT, "hello.greet");
    ck_assert_str_eq(agent->plugin, "hello@1.2.3");
    ck_assert_int_eq(agent->profile, PROFILE_PURE);
    ck_assert_ptr_null(agents_find(agents, RIG_TENANT, "hello.other"));
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
    ck_assert_int_eq(agents_find(agents, RIG_TENANT, "hello.greet")->profile, PROFILE_PURE);
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
    ck_assert_ptr_null(agents_find(agents, RIG_TENANT, "hello.greet"));
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
    struct err e;

    mkdir(folder, 0700);
    ck_assert(file_write_atomic(path, "", 0, 0600, &e));
    ck_assert(file_write_atomic(ignored, "x", 1, 0600, &e));
    scan();
    counts(0, 1);
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
        ck_assert_ptr_null(agents_find(agents, RIG_TENANT, "hello.greet"));
        ck_assert_ptr_null(agents_find(agents, RIG_TENANT, "other.pay"));
    }
    ck_assert_str_eq(rig.sandbox.loaded[0].digest.text, ""); /* nothing of it stays loaded */
    scan();
    ready("1.2.3", "pure");
    ck_verdict("hello.orchbundle", "ready");
}
END_TEST

static const struct packed genuine = {"genuine.orchbundle", "hello", "1.0.0", "hello.greet", SO};
static const struct packed thief = {"a-thief.orchbundle", "thief", "99.0.0", "hello.greet",
                                    "\177ELF the thief's"};

/* What the authority says of this id and version from here on. */
static void trusted(struct packed what, const char *key, const char *tenants)
{
    auto_mem char *label = mem_printf("%s@%s", what.id, what.version);
    struct rig_grant *grant = rig.authority.grants;

    while (grant->label[0] != '\0' && strcmp(grant->label, label) != 0)
        grant++;
    *grant = (struct rig_grant){.tenants = tenants, .key = key};
    snprintf(grant->label, sizeof grant->label, "%s", label);
}

static void install(struct packed what, const char *key, const char *tenants)
{
    trusted(what, key, tenants);
    pack(what);
    scan();
    says(what, "pure");
}

START_TEST(an_agent_id_that_another_plugin_holds_is_a_conflict_whatever_the_version)
{
    install(genuine, "one", "[\"*\"]");
    install(thief, "two", "[\"*\"]");
    ck_verdict("a-thief.orchbundle", "conflict: agent 'hello.greet' is held by plugin "
                                     "'hello@1.0.0' in 'genuine.orchbundle', signed by 'one'");
    ck_verdict("genuine.orchbundle", "ready");
    ck_assert_str_eq(agents_find(agents, RIG_TENANT, "hello.greet")->plugin, "hello@1.0.0");
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
    ck_assert_str_eq(agents_find(agents, RIG_TENANT, "hello.greet")->plugin, "thief@99.0.0");
}
END_TEST

START_TEST(tenants_that_do_not_meet_may_have_a_name_each)
{
    install(genuine, "one", "[\"acme\", \"test-*\"]");
    install(thief, "two", "[\"globex\", \"prod-?\"]");
    ck_verdict("genuine.orchbundle", "ready");
    ck_verdict("a-thief.orchbundle", "ready");
    ck_assert_str_eq(agents_find(agents, "acme", "hello.greet")->plugin, "hello@1.0.0");
    ck_assert_str_eq(agents_find(agents, "test-7", "hello.greet")->plugin, "hello@1.0.0");
    ck_assert_str_eq(agents_find(agents, "prod-7", "hello.greet")->plugin, "thief@99.0.0");
    ck_assert_ptr_null(agents_find(agents, "nobody", "hello.greet"));
    ck_assert(agents_serve(agents, "acme", "hello", "1.0.0"));
    ck_assert(!agents_serve(agents, "globex", "hello", "1.0.0"));
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
    ck_assert_str_eq(agents_find(agents, RIG_TENANT, "hello.greet")->plugin, "hello@1.1.0");
    install(other_bytes, "one", "[\"*\"]");
    ck_verdict("again.orchbundle", "'hello@1.0.0' with other content is installed already");
    remove_bundle("again.orchbundle");
    install(other_key, "two", "[\"*\"]");
    ck_verdict("theirs.orchbundle", "conflict: plugin id 'hello' is held by");
    ck_assert_str_eq(agents_find(agents, RIG_TENANT, "hello.greet")->plugin, "hello@1.1.0");
}
END_TEST

/* Row F12: the library of the lying bundle is the genuine one's. */
START_TEST(a_lying_manifest_around_a_library_does_not_block_the_genuine_bundle)
{
    struct packed liar = {"a-liar.orchbundle", "liar", "1.0.0", "liar.greet", SO};

    for (int genuine_first = 0; genuine_first < 2; genuine_first++) {
        if (genuine_first)
            install(genuine, "one", "[\"*\"]");
        pack(liar);
        pack(genuine);
        scan();
        says(genuine, "pure"); /* whoever asked for it, the library says what it is */
        ck_verdict("genuine.orchbundle", "ready");
        ck_verdict("a-liar.orchbundle",
                   "refused: id: the plugin says 'hello', its manifest 'liar'");
        ck_assert_ptr_nonnull(agents_find(agents, RIG_TENANT, "hello.greet"));
        ck_assert_ptr_null(agents_find(agents, RIG_TENANT, "liar.greet"));
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
    struct err e;

    install(genuine, "one", "[\"acme\"]");
    agents_scan(agents);
    ck_assert_ptr_nonnull(agents_find(agents, "acme", "hello.greet")); /* while it is asked */
    rig_authority_answers(&rig, ERR_DENIED);
    ck_assert_uint_eq(rig.sandbox.revoked, 1);
    ck_assert_str_eq(rig.sandbox.revoked_why, "the authority says no");
    ck_verdict("genuine.orchbundle", "revoked: the authority says no");
    ck_assert_ptr_null(agents_find(agents, "acme", "hello.greet"));
    ck_assert(agents_withdrawn(agents, "acme", "hello.greet", &e));
    ck_assert_ptr_nonnull(strstr(e.msg, "hello@1.0.0' is revoked: the authority says no"));
    ck_assert(!agents_withdrawn(agents, "globex", "hello.greet", &e)); /* it never had it */
    ck_assert(!agents_withdrawn(agents, "acme", "hello.other", &e));
    scan(); /* trusted again */
    says(genuine, "pure");
    ck_verdict("genuine.orchbundle", "ready");
    ck_assert(!agents_withdrawn(agents, "acme", "hello.greet", &e));
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
    pack(genuine);
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
    ck_assert(agents_withdrawn(agents, RIG_TENANT, "hello.greet", &e));
    pack(genuine); /* while it is verified */
    agents_scan(agents);
    remove_bundle("genuine.orchbundle");
    scan();
    ck_verdict("genuine.orchbundle", "removed");
    pack(genuine); /* while it is loaded */
    scan();
    remove_bundle("genuine.orchbundle");
    scan();
    ck_verdict("genuine.orchbundle", "removed");
    ck_assert_str_eq(rig.sandbox.loaded[0].digest.text, "");
    says(genuine, "pure");
    ck_assert_ptr_null(agents_find(agents, RIG_TENANT, "hello.greet"));
}
END_TEST

/* One key's bundle is revoked; another key has the same library for other tenants. */
START_TEST(a_library_that_two_keys_brought_begins_anew_for_the_other)
{
    struct packed copy = genuine;

    copy.file = "b-copy.orchbundle";
    install(genuine, "one", "[\"acme\"]");
    rig.authority.grants[0] = (struct rig_grant){0}; /* who answers below, says whose it is */
    pack(copy);
    agents_scan(agents);
    rig.authority.key = "two", rig.authority.tenants = "[\"globex\"]";
    rig_authority_answers(&rig, ERR_NONE);
    rig.authority.key = "one", rig.authority.tenants = "[\"acme\"]";
    rig_authority_answers(&rig, ERR_NONE);
    ck_verdict("b-copy.orchbundle", "ready");
    ck_assert_ptr_nonnull(agents_find(agents, "globex", "hello.greet"));
    agents_scan(agents);
    rig_authority_answers(&rig, ERR_DENIED); /* b-copy comes first */
    ck_assert_uint_eq(rig.sandbox.revoked, 1);
    ck_assert_ptr_null(agents_find(agents, "globex", "hello.greet"));
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
    pack(copy); /* another name does not help */
    scan();
    ck_verdict("copy.orchbundle", "quarantined");
    ck_assert(agents_withdrawn(agents, RIG_TENANT, "hello.greet", &e));
    remove_bundle("copy.orchbundle");
    scan();
    ck_verdict("genuine.orchbundle", "quarantined");
    ck_assert(!agents_release(agents, "00", &e));
    ck_assert_int_eq(e.code, ERR_NOT_FOUND);
    ck_assert(agents_release(agents, digest.text, &e));
    while (rig.authority.count > 0)
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
    ck_assert(agents_find(agents, RIG_TENANT, "hello.greet")->warm);
    rig.authority.warm = false;
    scan();
    ck_assert(!agents_find(agents, RIG_TENANT, "hello.greet")->warm);
}
END_TEST

TCase *agents_cases(void)
{
    TCase *tc = tcase_create("agents");

    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_test(tc, a_bundle_is_verified_then_loaded_then_its_agents_are_found);
    tcase_add_test(tc, the_loaded_plugin_has_a_row);
    tcase_add_test(tc, what_fails_is_refused_and_tried_again_by_the_next_scan);
    tcase_add_test(tc, a_library_that_fails_leaves_the_bundle_that_is_being_verified_alone);
    tcase_add_test(tc, a_file_that_is_no_bundle_is_refused);
    tcase_add_test(tc, without_a_folder_there_is_nothing_to_load);
    tcase_add_test(tc, words_of_a_plugin_that_nobody_added_are_passed_over);
    tcase_add_test(tc, a_plugin_that_says_other_than_its_manifest_is_refused_by_field);
    tcase_add_test(tc, an_agent_id_that_another_plugin_holds_is_a_conflict_whatever_the_version);
    tcase_add_test(tc, who_was_first_holds_the_name_after_a_restart_too);
    tcase_add_test(tc, a_conflict_gets_the_name_when_the_other_goes);
    tcase_add_test(tc, tenants_that_do_not_meet_may_have_a_name_each);
    tcase_add_test(tc, patterns_of_tenants_that_meet_are_found);
    tcase_add_test(tc, one_plugin_by_one_key_has_versions_and_the_highest_serves);
    tcase_add_test(tc, a_lying_manifest_around_a_library_does_not_block_the_genuine_bundle);
    tcase_add_test(tc, a_key_that_is_revoked_takes_its_plugin_away_at_once);
    tcase_add_test(tc, an_authority_that_cannot_say_revokes_nothing);
    tcase_add_test(tc, trust_that_changes_while_it_is_asked_is_asked_again);
    tcase_add_test(tc, a_bundle_that_is_removed_is_taken_away_whatever_it_waits_for);
    tcase_add_test(tc, a_library_that_two_keys_brought_begins_anew_for_the_other);
    tcase_add_test(tc, a_quarantined_plugin_stays_so_until_it_is_released);
    tcase_add_test(tc, warm_attempts_are_granted_by_the_entry_and_taken_back);
    return tc;
}
