/* cgroup_test.c -- the v2 files, over a folder that stands for a mounted hierarchy: for hosts whose
 * controllers are on v2, which the machines that run the adversarial suite may not be. The kernel
 * makes a group's files with its folder; here both are there beforehand. */
#include "sandbox/supervisor/cgroup.h"

#include "base/fd.h"
#include "base/mem.h"

#include <check.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define BOTH (1u << CGROUP_MEMORY | 1u << CGROUP_PIDS)

static char root[64];
static char *ours, *group_folder;

static void put(const char *folder, const char *name, const char *text)
{
    auto_mem char *path = mem_printf("%s/%s", folder, name);
    struct err e;

    ck_assert_msg(file_write_atomic(path, text, strlen(text), 0644, &e), "%s", e.msg);
}

static const char *get(const char *folder, const char *name)
{
    static struct buf b;
    auto_mem char *path = mem_printf("%s/%s", folder, name);
    struct err e;

    buf_clear(&b);
    ck_assert_msg(file_read(path, 4096, &b, &e), "%s", e.msg);
    return buf_text(&b);
}

static uint64_t own_start_time(void)
{
    FILE *f = fopen("/proc/self/stat", "re");
    uint64_t start = 0;
    char line[1024];
    const char *at;

    ck_assert_ptr_nonnull(f);
    ck_assert_ptr_nonnull(fgets(line, sizeof line, f));
    fclose(f);
    at = strrchr(line, ')');
    for (int i = 0; i < 20; i++)
        at = strchr(at + 1, ' ');
    ck_assert_int_eq(sscanf(at, "%" SCNu64, &start), 1);
    return start;
}

static void make_group_folder(const char *folder)
{
    static const char *const files[] = {"memory.max",   "memory.swap.max", "memory.events",
                                        "memory.peak",  "memory.current",  "pids.max",
                                        "pids.current", "cgroup.procs"};

    ck_assert_int_eq(mkdir(folder, 0755), 0);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        put(folder, files[i], "");
}

static void setup(void)
{
    auto_mem char *next = NULL;

    strcpy(root, "/tmp/orch-cgroup-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    put(root, "cgroup.subtree_control", "");
    ours = mem_printf("%s/orch-%d-%" PRIu64, root, (int)getpid(), own_start_time());
    ck_assert_int_eq(mkdir(ours, 0755), 0);
    group_folder = mem_printf("%s/0", ours);
    next = mem_printf("%s/1", ours);
    make_group_folder(group_folder);
    make_group_folder(next);
}

static void teardown(void)
{
    auto_mem char *command = mem_printf("rm -r %s", root);

    ck_assert_int_eq(system(command), 0);
    free(ours);
    free(group_folder);
}

static struct cgroups *open_at_root(uint32_t kinds)
{
    int errnos[CGROUP_KINDS];

    return cgroups_open(root, kinds, errnos);
}

/* A plain folder is made without the file by which the kernel delegates. */
static struct cgroups *open_delegated(uint32_t kinds)
{
    put(ours, "cgroup.subtree_control", "");
    return open_at_root(kinds);
}

/* A plain folder with files in it cannot be removed as the kernel removes a group's: nothing that
 * cgroups_free does here may wait for that, and no process may stand in cgroup.procs. */
static void close_groups(struct cgroups *all)
{
    auto_mem char *command = mem_printf("rm -r %s/*", ours);

    ck_assert_int_eq(system(command), 0);
    cgroups_free(all);
}

START_TEST(without_delegation_there_is_no_group_and_taking_one_does_nothing)
{
    struct cgroups *all = open_at_root(BOTH);
    struct cgroup *group;
    struct err e;

    ck_assert(!cgroups_have(all, CGROUP_MEMORY));
    ck_assert(!cgroups_have(all, CGROUP_PIDS));
    ck_assert(cgroup_take(all, &(struct cgroup_limits){1 << 20, 3}, &group, &e));
    ck_assert(cgroup_enter(group, getpid(), &e));
    ck_assert_uint_eq(cgroup_oom_kills(group), 0);
    ck_assert_uint_eq(cgroup_peak_bytes(group), 0);
    cgroup_give_back(group);
    cgroups_free(all);
}
END_TEST

START_TEST(limits_and_the_process_are_written_where_v2_wants_them)
{
    struct cgroups *all = open_delegated(BOTH);
    struct cgroup *group;
    char pid[16];
    struct err e;

    ck_assert(cgroups_have(all, CGROUP_MEMORY));
    ck_assert(cgroups_have(all, CGROUP_PIDS));
    ck_assert(cgroup_take(all, &(struct cgroup_limits){67108864, 4}, &group, &e));
    ck_assert_str_eq(get(group_folder, "memory.max"), "67108864");
    ck_assert_str_eq(get(group_folder, "memory.swap.max"), "0");
    ck_assert_str_eq(get(group_folder, "pids.max"), "4");
    ck_assert(cgroup_enter(group, getpid(), &e));
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    ck_assert_str_eq(get(group_folder, "cgroup.procs"), pid);
    cgroup_give_back(group);
    close_groups(all);
}
END_TEST

START_TEST(oom_kills_are_counted_since_they_were_asked_for_and_the_peak_is_told)
{
    struct cgroups *all = open_delegated(1u << CGROUP_MEMORY);
    struct cgroup *group;
    struct err e;

    ck_assert(cgroup_take(all, &(struct cgroup_limits){67108864, 0}, &group, &e));
    put(group_folder, "memory.events", "low 0\nhigh 0\nmax 5\noom 2\noom_kill 1\n");
    put(group_folder, "memory.peak", "66000000\n");
    ck_assert_uint_eq(cgroup_oom_kills(group), 1);
    ck_assert_uint_eq(cgroup_oom_kills(group), 0);
    put(group_folder, "memory.events", "oom_kill 3\n");
    ck_assert_uint_eq(cgroup_oom_kills(group), 2);
    ck_assert_uint_eq(cgroup_peak_bytes(group), 66000000);
    cgroup_give_back(group);
    close_groups(all);
}
END_TEST

START_TEST(a_group_is_used_again_and_written_only_where_it_changes)
{
    struct cgroups *all = open_delegated(1u << CGROUP_MEMORY);
    struct cgroup *first, *second;
    struct err e;

    ck_assert(cgroup_take(all, &(struct cgroup_limits){67108864, 0}, &first, &e));
    cgroup_give_back(first);
    put(group_folder, "memory.max", "as it was");
    ck_assert(cgroup_take(all, &(struct cgroup_limits){67108864, 0}, &second, &e));
    ck_assert_ptr_eq(first, second);
    ck_assert_str_eq(get(group_folder, "memory.max"), "as it was");
    cgroup_give_back(second);
    close_groups(all);
}
END_TEST

/* Fills it as the kernel fills a group that somebody uses. */
static void use(struct cgroup *group, const char *procs, const char *charge)
{
    (void)group;
    put(group_folder, "cgroup.procs", procs);
    put(group_folder, "memory.current", charge);
}

START_TEST(a_group_with_a_process_or_a_charge_left_is_never_used_again)
{
    static const char *const left[][2] = {{"0\n", "0\n"}, {"", "67108864\n"}};
    struct cgroups *all = open_delegated(1u << CGROUP_MEMORY);
    struct cgroup *first, *second;
    struct err e;

    ck_assert(cgroup_take(all, &(struct cgroup_limits){67108864, 0}, &first, &e));
    use(first, left[_i][0], left[_i][1]);
    cgroup_give_back(first);
    ck_assert(cgroups_reap(all)); /* files are in the way of a plain folder's end */
    ck_assert(cgroup_take(all, &(struct cgroup_limits){67108864, 0}, &second, &e));
    ck_assert_ptr_ne(first, second);
    cgroup_give_back(second);
    close_groups(all);
}
END_TEST

/* As the kernel does it: the file stays the same. */
static void put_in_place(const char *name, const char *text)
{
    auto_mem char *path = mem_printf("%s/%s", group_folder, name);
    auto_fd fd = open(path, O_WRONLY | O_TRUNC);

    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static int open_files(void)
{
    int count = 0;

    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static bool is_used_again(struct cgroups *all, const char *count, const char *processes)
{
    const struct cgroup_limits limits = {67108864, 4};
    struct cgroup *first, *second;
    struct err e;

    ck_assert(cgroup_take(all, &limits, &first, &e));
    ck_assert(cgroup_enter(first, getpid(), &e));
    put_in_place("pids.current", count);
    put_in_place("cgroup.procs", processes);
    cgroup_give_back(first);
    ck_assert(cgroup_take(all, &limits, &second, &e));
    cgroup_give_back(second);
    return first == second;
}

START_TEST(a_group_is_used_again_when_the_kernel_counts_no_process_in_it)
{
    struct cgroups *all = open_delegated(BOTH);
    int before = open_files();

    cgroups_keep_files(all, _i == 0 ? 0 : 16);
    ck_assert(is_used_again(all, "0\n", ""));
    ck_assert(is_used_again(all, "0\n", ""));
    ck_assert_int_eq(open_files() - before, _i == 0 ? 0 : 5);
    cgroups_trim(all);
    ck_assert_int_eq(open_files(), before);
    ck_assert(!is_used_again(all, "1\n", "1\n"));
    close_groups(all);
    ck_assert_int_le(open_files(), before);
}
END_TEST

START_TEST(a_group_that_became_empty_is_removed)
{
    struct cgroups *all = open_delegated(1u << CGROUP_MEMORY);
    auto_mem char *empty = mem_printf("rm -r %s/*", group_folder);
    struct cgroup *group;
    struct err e;

    ck_assert(cgroup_take(all, &(struct cgroup_limits){67108864, 0}, &group, &e));
    use(group, "0\n", "0\n");
    cgroup_give_back(group);
    ck_assert(cgroups_reap(all));
    ck_assert_int_eq(system(empty), 0);
    ck_assert(!cgroups_reap(all));
    ck_assert_int_ne(access(group_folder, F_OK), 0);
    ck_assert_int_eq(mkdir(group_folder, 0755), 0); /* for close_groups */
    close_groups(all);
}
END_TEST

START_TEST(the_folder_of_a_supervisor_that_lives_is_not_swept)
{
    auto_mem char *other =
        mem_printf("%s/orch-1-1", root); /* in another pid namespace: 1 is not it */
    int fd;
    struct cgroups *all;

    ck_assert_int_eq(mkdir(other, 0755), 0);
    fd = open(other, O_RDONLY | O_DIRECTORY);
    ck_assert_int_eq(flock(fd, LOCK_SH), 0);
    all = open_delegated(1u << CGROUP_MEMORY);
    ck_assert_int_eq(access(other, F_OK), 0);
    close(fd);
    ck_assert_int_eq(rmdir(other), 0);
    close_groups(all);
}
END_TEST

START_TEST(a_folder_of_a_dead_supervisor_is_swept)
{
    auto_mem char *stale = mem_printf("%s/orch-1-1", root);
    struct cgroups *all;

    ck_assert_int_eq(mkdir(stale, 0755), 0);
    all = open_delegated(1u << CGROUP_MEMORY);
    ck_assert_int_ne(access(stale, F_OK), 0);
    ck_assert_int_eq(access(ours, F_OK), 0);
    close_groups(all);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cgroup");
    TCase *tests = tcase_create("cgroup");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tests, 30);
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, without_delegation_there_is_no_group_and_taking_one_does_nothing);
    tcase_add_test(tests, limits_and_the_process_are_written_where_v2_wants_them);
    tcase_add_test(tests, oom_kills_are_counted_since_they_were_asked_for_and_the_peak_is_told);
    tcase_add_test(tests, a_group_is_used_again_and_written_only_where_it_changes);
    tcase_add_loop_test(tests, a_group_with_a_process_or_a_charge_left_is_never_used_again, 0, 2);
    tcase_add_loop_test(tests, a_group_is_used_again_when_the_kernel_counts_no_process_in_it, 0, 2);
    tcase_add_test(tests, a_group_that_became_empty_is_removed);
    tcase_add_test(tests, the_folder_of_a_supervisor_that_lives_is_not_swept);
    tcase_add_test(tests, a_folder_of_a_dead_supervisor_is_swept);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
