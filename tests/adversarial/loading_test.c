/* loading_test.c -- cases 67 to 73, 76 and 77: a plugin that attacks while it loads, or in its
 * bytes, is refused with a reason or does no harm. */
#include "harness.h"

#include "base/fd.h"
#include "base/hash.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PLUGIN(name) LOADING_PLUGINS "/loading_" name ".so"

static const struct {
    const char *path, *words; /* that the refusal holds */
    uint32_t load_ms;
} refused[] = {
    {PLUGIN("exec"), "SIGSYS while loading", 0},        /* 67 */
    {PLUGIN("fork"), "SIGSYS while loading", 0},        /* 68 */
    {PLUGIN("sleep"), "did not load in 2000 ms", 2000}, /* 67 */
    {PLUGIN("ifunc"), "SIGSYS while loading", 0},       /* 71 */
    {PLUGIN("prepare"), "prepare() returned -6", 0},
    {PLUGIN("export"), "exports malloc", 0}, /* 77 */
    {PLUGIN("forge"), "cannot be read", 0},  /* 69 */
};

/* The plugin is refused with its reason and the host goes on: a good plugin loads and runs. */
START_TEST(cases_67_to_71_a_plugin_that_attacks_while_loading_is_refused)
{
    struct sandbox_options options = {.load_ms = refused[_i].load_ms};
    struct world w;

    world_start(&w, &options);
    world_add(&w, refused[_i].path);
    ck_assert(w.plugin_failed);
    ck_assert_msg(strstr(w.plugin_error.msg, refused[_i].words) != NULL, "%s", w.plugin_error.msg);
    world_add(&w, HOSTILE_PLUGIN);
    world_done(&w);
}
END_TEST

static const struct {
    const char *path, *says;
} harmless[] = {
    {PLUGIN("socket"), "EACCES"}, /* 67 */
    {PLUGIN("thread"), "EAGAIN"}, /* 67: no zygote ever has a second thread */
    {PLUGIN("open"), "ENOENT"},   /* the zygote's root is empty before its plugin runs */
    {PLUGIN("names"), "1.0.0"},   /* 77 */
    {PLUGIN("math"), "1.414"},
};

START_TEST(cases_67_and_77_an_attack_that_gets_an_errno_leaves_a_plugin_that_works)
{
    struct world w;

    world_start(&w, NULL);
    world_add(&w, harmless[_i].path);
    ck_assert_msg(w.plugin_ready, "%s", w.plugin_error.msg);
    if (_i == 2) {
        const char *says = said(hostile(&w, "any"));

        ck_assert_msg(strcmp(says, "ENOENT") == 0 || strcmp(says, "EACCES") == 0, "%s", says);
    } else {
        expect_said(hostile(&w, "any"), harmless[_i].says);
    }
    world_add(&w, HOSTILE_PLUGIN);
    world_done(&w);
}
END_TEST

START_TEST(case_69_forged_words_end_the_zygote_and_nothing_else)
{
    struct answer *a;
    struct world w;

    world_start(&w, NULL);
    world_add(&w, PLUGIN("forge"));
    ck_assert(w.plugin_failed);
    world_turn_for(&w, 100);
    ck_assert(!w.gone);
    world_add(&w, HOSTILE_PLUGIN);
    a = hostile(&w, "count");
    expect_said(a, "1");
    world_done(&w);
}
END_TEST

START_TEST(case_70_destructors_are_not_run)
{
    struct answer *a;
    struct world w;

    world_start(&w, NULL);
    world_add(&w, PLUGIN("fini"));
    a = hostile(&w, "any");
    expect_said(a, "1.0.0");
    ck_assert_uint_eq(a->streams[STREAM_STDOUT].len, 0);
    world_add(&w, HOSTILE_PLUGIN);
    world_done(&w);
}
END_TEST

START_TEST(case_72_only_sealed_bytes_are_taken_and_they_cannot_be_swapped)
{
    struct sandbox_plugin plugin = {0};
    auto_done(buf) so = {0};
    struct sha256_hex digest;
    struct world w;
    struct err e;
    int fd;

    world_start(&w, NULL);
    file_bytes(HOSTILE_PLUGIN, &so);
    digest = sha256_hex(so.data, so.len);
    plugin.digest = digest.text;
    plugin.so_fd = memfd_create("open", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    ck_assert_int_eq(write(plugin.so_fd, so.data, so.len), (ssize_t)so.len);
    ck_assert(!sandbox_plugin_add(w.sb, &plugin, &e));
    ck_assert_int_eq(e.code, ERR_DENIED);
    ck_assert_ptr_nonnull(strstr(e.msg, "sealed"));
    close(plugin.so_fd);

    ck_assert(memfd_sealed("plugin", so.data, so.len, true, &fd, &e));
    ck_assert_int_lt(pwrite(fd, "x", 1, 100), 0);
    ck_assert_int_lt(ftruncate(fd, 10), 0);
    close(fd);
    world_add(&w, HOSTILE_PLUGIN);
    world_done(&w);
}
END_TEST

static void flip(struct buf *b)
{
    b->data[b->len / 2] ^= 1;
}

static void cut(struct buf *b)
{
    b->len -= 1;
}

static void append(struct buf *b)
{
    buf_addc(b, '\0');
}

START_TEST(case_73_bytes_that_changed_by_one_bit_are_never_mapped)
{
    static void (*const changes[])(struct buf *) = {flip, cut, append};
    struct sandbox_plugin plugin = {0};
    auto_done(buf) so = {0};
    struct sha256_hex digest;
    struct world w;
    struct err e;

    world_start(&w, NULL);
    file_bytes(HOSTILE_PLUGIN, &so);
    digest = sha256_hex(so.data, so.len);
    plugin.digest = digest.text;
    changes[_i](&so);
    ck_assert(memfd_sealed("plugin", so.data, so.len, true, &plugin.so_fd, &e));
    ck_assert(!sandbox_plugin_add(w.sb, &plugin, &e));
    ck_assert_int_eq(e.code, ERR_DENIED);
    ck_assert_ptr_nonnull(strstr(e.msg, "have digest"));
    close(plugin.so_fd);
    world_add(&w, HOSTILE_PLUGIN);
    world_done(&w);
}
END_TEST

START_TEST(case_76_two_versions_each_run_their_own_code)
{
    struct world w;

    world_start(&w, NULL);
    for (int i = 0; i < 2; i++) {
        world_add(&w, PLUGIN("v1"));
        expect_said(hostile(&w, "any"), "1.0.0");
        sandbox_plugin_remove(w.sb, w.digest);
        world_add(&w, PLUGIN("v2"));
        expect_said(hostile(&w, "any"), "2.0.0");
        sandbox_plugin_remove(w.sb, w.digest);
    }
    world_add(&w, HOSTILE_PLUGIN);
    world_done(&w);
}
END_TEST

START_TEST(a_manifest_that_names_another_plugin_refuses_it)
{
    struct sandbox_plugin plugin = {.digest = "", .id = "other", .version = "1.0.0"};
    auto_done(buf) so = {0};
    struct sha256_hex digest;
    struct world w;
    struct err e;

    world_start(&w, NULL);
    file_bytes(HOSTILE_PLUGIN, &so);
    digest = sha256_hex(so.data, so.len);
    plugin.digest = digest.text;
    memcpy(w.digest, digest.text, sizeof w.digest);
    ck_assert(memfd_sealed("plugin", so.data, so.len, true, &plugin.so_fd, &e));
    ck_assert_msg(sandbox_plugin_add(w.sb, &plugin, &e), "%s", e.msg);
    close(plugin.so_fd);
    for (int i = 0; i < 100 && !w.plugin_failed; i++)
        world_turn_for(&w, 20);
    ck_assert(w.plugin_failed);
    ck_assert_str_eq(w.plugin_error.msg, "plugin says it is 'hostile', its manifest says 'other'");
    world_stop(&w);
}
END_TEST

#define LENGTH(a) ((int)(sizeof(a) / sizeof((a)[0])))

Suite *adversarial_suite(void)
{
    Suite *suite = suite_create("loading");
    TCase *tests = tcase_create("cases 67 to 77");

    tcase_set_timeout(tests, 90);
    tcase_add_loop_test(tests, cases_67_to_71_a_plugin_that_attacks_while_loading_is_refused, 0,
                        LENGTH(refused));
    tcase_add_loop_test(tests,
                        cases_67_and_77_an_attack_that_gets_an_errno_leaves_a_plugin_that_works, 0,
                        LENGTH(harmless));
    tcase_add_test(tests, case_69_forged_words_end_the_zygote_and_nothing_else);
    tcase_add_test(tests, case_70_destructors_are_not_run);
    tcase_add_test(tests, case_72_only_sealed_bytes_are_taken_and_they_cannot_be_swapped);
    tcase_add_loop_test(tests, case_73_bytes_that_changed_by_one_bit_are_never_mapped, 0, 3);
    tcase_add_test(tests, case_76_two_versions_each_run_their_own_code);
    tcase_add_test(tests, a_manifest_that_names_another_plugin_refuses_it);
    suite_add_tcase(suite, tests);
    return suite;
}
