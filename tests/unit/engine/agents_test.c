/* agents_test.c -- bundles in the plugins folder: verified, unpacked, loaded, registered. */
#include "suites.h"

#include "base/fd.h"
#include "base/mem.h"
#include "bundle/archive.h"
#include "bundle/bundle.h"

#include <string.h>
#include <sys/stat.h>

static struct agents *agents;

/* A bundle of a plugin that is none: nobody loads it here. */
static void write_bundle(const char *file, const char *version)
{
    const struct bundle_file files[] = {{"lib/hello.so", "\177ELF not really", 15}};
    auto_done(buf) payload = {0}, archive = {0}, envelope = {0}, bytes = {0};
    auto_mem char *folder = mem_printf("%s/plugins", rig.folder);
    auto_mem char *path = mem_printf("%s/%s", folder, file);
    auto_mem char *source = mem_printf(
        "{\"id\":\"hello\",\"version\":\"%s\",\"agents\":[{\"id\":\"hello.greet\","
        "\"version\":\"1.0.0\",\"profile\":\"pure\"}],\"requests\":{\"profiles\":[\"pure\"],"
        "\"network\":[],\"limits\":{}}}",
        version);
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

static void scan(void)
{
    agents_scan(agents);
    while (rig.authority.count > 0)
        rig_authority_answers(&rig, ERR_NONE);
}

/* The digest of what bundle_pack packed above: of the shared object alone. */
static struct sha256_hex so_digest(void)
{
    return sha256_hex("\177ELF not really", 15);
}

static void ready(const char *version, const char *profile)
{
    struct sha256_hex digest = so_digest();
    const struct sandbox_agent agent = {.id = "hello.greet",
                                        .version = "1.0.0",
                                        .profile = profile};

    agents_on_ready(agents, &(struct sandbox_plugin_info){.digest = digest.text,
                                                          .id = "hello",
                                                          .version = version,
                                                          .agents = &agent,
                                                          .n_agents = 1});
    rig_settle(&rig);
}

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
    ready("1.2.3", "files");
    ck_assert(!agents_busy(agents));
    counts(1, 0);
    agent = agents_find(agents, "hello.greet");
    ck_assert_str_eq(agent->plugin, "hello@1.2.3");
    ck_assert_int_eq(agent->profile, PROFILE_FILES);
    ck_assert_ptr_null(agents_find(agents, "hello.other"));
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
    ready("1.2.3", "nonsense");
    ck_assert(store_read_plugins(rig.reader, NULL, (struct store_page){0}, &rows, &e));
    ck_assert_uint_eq(rows.count, 1);
    ck_assert_str_eq(rows.rows[0].version, "1.2.3");
    ck_assert_int_eq(agents_find(agents, "hello.greet")->profile, PROFILE_PURE);
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
    agents_on_failed(agents, digest.text, &e);
    counts(0, 1);
    ck_assert_ptr_null(agents_find(agents, "hello.greet"));
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

TCase *agents_cases(void)
{
    TCase *tc = tcase_create("agents");

    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_test(tc, a_bundle_is_verified_then_loaded_then_its_agents_are_found);
    tcase_add_test(tc, the_loaded_plugin_has_a_row);
    tcase_add_test(tc, what_fails_is_refused_and_tried_again_by_the_next_scan);
    tcase_add_test(tc, a_file_that_is_no_bundle_is_refused);
    tcase_add_test(tc, without_a_folder_there_is_nothing_to_load);
    tcase_add_test(tc, words_of_a_plugin_that_nobody_added_are_passed_over);
    return tc;
}
