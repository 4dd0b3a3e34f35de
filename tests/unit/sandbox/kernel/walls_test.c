/* walls_test.c -- the allow-list and Landlock's grants, entered by a thread of its own: both hold
 * for the thread that enters them alone. What a kernel without Landlock does not know is not tried.
 */
#include "base/auto.h"
#include "base/fd.h"
#include "base/mem.h"
#include "sandbox/kernel/filter.h"
#include "sandbox/kernel/landlock.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static void in_thread(void *(*fn)(void *), void *arg)
{
    pthread_t thread;

    ck_assert_int_eq(pthread_create(&thread, NULL, fn, arg), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
}

/* What the end of a thread needs, with a sanitizer's runtime too. */
static const int needed[] = {
    SCMP_SYS(exit),         SCMP_SYS(futex),           SCMP_SYS(munmap), SCMP_SYS(madvise),
    SCMP_SYS(sigaltstack),  SCMP_SYS(sched_yield),     SCMP_SYS(gettid), SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigaction), SCMP_SYS(set_robust_list),
};

struct tried {
    struct filter_calls calls;
    bool entered;
    int parent, code; /* errno of getppid and of a mapping for code */
    bool data;
    struct err e;
};

static void *enter_filter(void *arg)
{
    struct tried *t = arg;
    void *page;

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || !filter_enter(&t->calls, &t->e))
        return NULL;
    t->entered = true;
    errno = 0;
    t->parent = syscall(SYS_getppid) < 0 ? errno : 0;
    page = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    t->code = page == MAP_FAILED ? errno : 0;
    page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    t->data = page != MAP_FAILED;
    return NULL;
}

START_TEST(what_is_not_in_the_list_is_refused)
{
    struct tried t = {.calls = {needed, ARRAY_LEN(needed), FILTER_EPERM}};

    in_thread(enter_filter, &t);
    ck_assert_msg(t.entered, "%s", t.e.msg);
    ck_assert_int_eq(t.parent, EPERM);
    ck_assert_int_eq(t.code, EPERM);
    ck_assert(t.data);
}
END_TEST

START_TEST(a_call_that_is_none_is_no_filter)
{
    static const int none[] = {__NR_SCMP_ERROR};
    struct tried t = {.calls = {none, ARRAY_LEN(none), FILTER_KILL}};

    in_thread(enter_filter, &t);
    ck_assert(!t.entered);
    ck_assert_ptr_nonnull(strstr(t.e.msg, "build the seccomp filter"));
}
END_TEST

/* ---- Landlock ---- */

static char folder[] = "/tmp/orch-kernel-XXXXXX";

struct domain {
    const char *file, *state; /* what is granted */
    bool entered, reads, reads_other, writes;
};

static bool opens(const char *path, int flags)
{
    auto_fd fd = open(path, flags | O_CLOEXEC);

    return fd >= 0;
}

static void *enter_landlock(void *arg)
{
    struct domain *d = arg;
    auto_fd ruleset = landlock_ruleset_files();

    if (ruleset < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        !landlock_grant(ruleset, d->file, LANDLOCK_GRANT_READ) ||
        !landlock_grant(ruleset, d->state, LANDLOCK_GRANT_STATE) || !landlock_enter(ruleset))
        return NULL;
    d->entered = true;
    d->reads = opens(d->file, O_RDONLY);
    d->writes = opens(d->file, O_WRONLY);
    d->reads_other = opens("/etc/passwd", O_RDONLY);
    return NULL;
}

START_TEST(what_is_granted_is_all_there_is)
{
    auto_mem char *file = NULL;
    struct domain d = {0};

    if (landlock_abi() == 0)
        return;
    ck_assert_ptr_nonnull(mkdtemp(folder));
    file = mem_printf("%s/read", folder);
    ck_assert(file_write_atomic(file, "r", 1, 0600, NULL));
    d = (struct domain){.file = file, .state = "/nonexistent"};
    in_thread(enter_landlock, &d);
    ck_assert(!d.entered); /* what is not there cannot be granted */
    d.state = file;        /* which has not all rights of a folder */
    in_thread(enter_landlock, &d);
    ck_assert(d.entered && d.reads && d.writes && !d.reads_other);
    d = (struct domain){.file = "/etc/passwd", .state = folder};
    in_thread(enter_landlock, &d);
    ck_assert(d.entered && d.reads && !d.writes && d.reads_other);
    ck_assert_int_eq(unlink(file), 0);
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sandbox kernel");
    TCase *c = tcase_create("kernel");
    SRunner *runner;
    int failed;

    tcase_add_test(c, what_is_not_in_the_list_is_refused);
    tcase_add_test(c, a_call_that_is_none_is_no_filter);
    tcase_add_test(c, what_is_granted_is_all_there_is);
    suite_add_tcase(suite, c);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
