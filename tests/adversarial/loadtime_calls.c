/* loadtime_calls.c -- calls that no computation needs, tried at every place where a plugin's code
 * runs, and what they could tell of the host. */
#include "loadtime.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const places[] = {"constructor", "ifunc", "prepare", "run"};

static const char *const processes[] = {
    "clone",          "clone_as_fork", "clone_parent", "clone_newuser", "clone3",
    "execve",         "execveat",      "unshare",      "setns",         "traceme",
    "vm_readv",       "kill_probe",    "kill_init",    "kill_all",      "kill_group",
    "tgkill_other",   "tgkill_init",   "tkill_other",  "sigqueue",      "tgsigqueue",
    "pidfd_signal",   "pidfd_open",    "pidfd_getfd",  "setown",        "kill_numbers",
    "tgkill_numbers", "pidfd_numbers", "fork",         "vfork",         "spawn",
    "threads",        "thread",
};
static const char *const rights[] = {
    "itimer_real",       "itimer_prof",   "timer_create",   "timerfd",          "prlimit_raise",
    "prlimit_cpu",       "prlimit_other", "prlimit_look",   "setpriority",      "setscheduler",
    "pdeathsig_off",     "dumpable",      "ptracer",        "subreaper",        "keepcaps",
    "prctl_mm",          "prctl_seccomp", "seccomp_strict", "seccomp_listener", "landlock_create",
    "landlock_restrict", "capset",        "setuid",         "setgroups",        "personality",
};
static const char *const code[] = {
    "memfd",     "shmget",  "shared",       "map_exec",  "map_wx", "map_growsdown", "pkey_mprotect",
    "exec_data", "exec_wx", "exec_written", "exec_text", "dlopen", "exec_files",    "memfd_secret",
};
static const char *const files[] = {
    "open_root",       "open_p",      "open_path",    "open_here", "open_passwd", "open_mem",
    "open_null",       "open_create", "open_tmpfile", "mount",     "chdir",       "socket",
    "socketpair",      "pipe",        "eventfd",      "io_uring",  "userfaultfd", "bpf",
    "pass_descriptor", "perf",        "keyctl",       "files",
};

/* A warm zygote takes a descriptor of each attempt that it forks. No call that would use one on
 * another process is there at any time. */
static bool is_needed(const char *name, enum isolation isolation, const char *place)
{
    return isolation == ISOLATION_WARM && strcmp(place, "run") != 0 &&
           (strcmp(name, "pidfd_open") == 0 || strcmp(name, "pidfd_numbers") == 0);
}

/* One world for all calls at one place in one class. */
static void expect_all_refused(const char *const *names, int count, int i)
{
    struct load load = {.where = places[i % LENGTH(places)]};
    auto_done(buf) bad = {0};
    struct world w;

    loads_start(&w, &(struct sandbox_options){.load_ms = 2000});
    for (int n = 0; n < count; n++) {
        load.attack = names[n];
        if (!is_needed(names[n], class_of(i / LENGTH(places)), load.where))
            expect_refusals(&w, &load, class_of(i / LENGTH(places)), &bad);
    }
    ck_assert_msg(bad.len == 0, "%s:%s", isolation_name(class_of(i / LENGTH(places))),
                  buf_text(&bad));
    loads_done(&w);
}

START_TEST(no_process_and_no_signal_to_others_comes_out_of_loading)
{
    expect_all_refused(processes, LENGTH(processes), _i);
}
END_TEST

START_TEST(no_limit_layer_or_timer_is_changed_while_loading)
{
    expect_all_refused(rights, LENGTH(rights), _i);
}
END_TEST

START_TEST(no_unsigned_code_and_no_shared_memory_comes_out_of_loading)
{
    expect_all_refused(code, LENGTH(code), _i);
}
END_TEST

START_TEST(no_file_and_no_socket_is_opened_while_loading)
{
    expect_all_refused(files, LENGTH(files), _i);
}
END_TEST

/* Handlers of a fork that the host makes after loading. */
static const char *const at_fork[] = {
    "clone_as_fork", "clone_parent", "setown",           "dumpable",    "pdeathsig_off",
    "shared",        "open_p",       "seccomp_listener", "itimer_prof",
};

START_TEST(a_fork_handler_of_a_plugin_has_no_more_than_its_run)
{
    struct load load = {.where = "atfork"};
    auto_done(buf) bad = {0};
    struct world w;

    loads_start(&w, NULL);
    for (int n = 0; n < LENGTH(at_fork); n++) {
        struct answer *a;

        load.attack = at_fork[n];
        load_add(&w, &load);
        ck_assert_msg(w.plugin_ready, "%s", w.plugin_error.msg);
        a = run_case(&w, "note", class_of(_i));
        if (a->outcome == OUTCOME_OK && strstr(said(a), "done") != NULL)
            buf_addf(&bad, "\n  %s: said %s", load.attack, said(a));
        sandbox_plugin_remove(w.sb, w.digest);
    }
    ck_assert_msg(bad.len == 0, "%s", buf_text(&bad));
    loads_done(&w);
}
END_TEST

/* ---- the host, where the root is not empty ---- */

START_TEST(without_an_empty_root_nothing_of_the_hosts_files_is_told)
{
    struct sandbox_options options = {.without = "empty_root"};
    struct load load = {.attack = "files", .where = places[_i % LENGTH(places)]};
    enum isolation isolation = class_of(_i / LENGTH(places));
    auto_done(buf) bad = {0};
    struct world w;

    loads_start(&w, &options);
    expect_refusals(&w, &load, isolation, &bad);
    load.attack = "dlopen";
    expect_refusals(&w, &load, isolation, &bad);
    load.attack = "seccomp_listener";
    expect_refusals(&w, &load, isolation, &bad);
    ck_assert_msg(bad.len == 0, "%s:%s", isolation_name(isolation), buf_text(&bad));
    loads_done(&w);
}
END_TEST

static const char *const roots[] = {NULL, "empty_root"};

START_TEST(uname_does_not_tell_the_hosts_name)
{
    struct sandbox_options options = {.without = roots[_i % 2]};
    struct load load = {.attack = "uname"};
    char name[256], told[512];
    struct answer *a;
    struct world w;

    ck_assert_int_eq(gethostname(name, sizeof name), 0);
    loads_start(&w, &options);
    load_add(&w, &load);
    ck_assert_msg(w.plugin_ready, "%s", w.plugin_error.msg);
    a = run_case(&w, "note", class_of(_i / 2));
    expect_outcome(a, OUTCOME_OK);
    snprintf(told, sizeof told, "%s", said(a));
    ck_assert_ptr_nonnull(strchr(told, '|'));
    *strchr(told, '|') = '\0';
    ck_assert_str_ne(told, name);
    loads_done(&w);
}
END_TEST

void loadtime_add_calls(TCase *tests)
{
    int count = CLASSES * LENGTH(places);

    tcase_add_loop_test(tests, no_process_and_no_signal_to_others_comes_out_of_loading, 0, count);
    tcase_add_loop_test(tests, no_limit_layer_or_timer_is_changed_while_loading, 0, count);
    tcase_add_loop_test(tests, no_unsigned_code_and_no_shared_memory_comes_out_of_loading, 0,
                        count);
    tcase_add_loop_test(tests, no_file_and_no_socket_is_opened_while_loading, 0, count);
    tcase_add_loop_test(tests, a_fork_handler_of_a_plugin_has_no_more_than_its_run, 0, CLASSES);
    tcase_add_loop_test(tests, without_an_empty_root_nothing_of_the_hosts_files_is_told, 0, count);
    tcase_add_loop_test(tests, uname_does_not_tell_the_hosts_name, 0, CLASSES * 2);
}
