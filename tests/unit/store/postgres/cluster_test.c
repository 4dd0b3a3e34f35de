/* cluster_test.c -- the tests' own cluster goes with its program, however that ends. */
#include "suites.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GONE_NS (60LL * 1000 * 1000 * 1000)

static bool gone_in_time(const char *folder, pid_t server)
{
    int64_t until = clock_mono_ns() + GONE_NS;

    while (access(folder, F_OK) == 0 || kill(server, 0) == 0) {
        if (clock_mono_ns() > until)
            return false;
        nanosleep(&(struct timespec){.tv_nsec = 20 * 1000 * 1000}, NULL);
    }
    return true;
}

START_TEST(a_cluster_serves_and_ends_with_its_owner)
{
    auto_obj(cluster) c = NULL;
    struct err e = {0};
    pid_t server;

    ck_assert_msg(cluster_start(CLUSTER_LAZY, &c, &e), "%s", e.msg);
    auto_mem char *url = cluster_url(c, "postgres", "postgres");
    auto_mem char *folder = mem_str(cluster_folder(c));
    PGconn *conn = sql_connect(url);
    auto_mem char *one = sql_text(conn, "SELECT 1");

    ck_assert_str_eq(one, "1");
    ck_assert_str_eq(sql_state(conn, "SELECT 1 / 0"), "22012");
    PQfinish(conn);
    server = cluster_pid(c);
    cluster_free(take(c));
    ck_assert(gone_in_time(folder, server));
}
END_TEST

static void start_and_die(int tell)
{
    struct cluster *c = NULL;
    pid_t server;

    if (!cluster_start(CLUSTER_LAZY, &c, NULL))
        _exit(1);
    server = cluster_pid(c);
    if (write(tell, &server, sizeof server) < 0 ||
        write(tell, cluster_folder(c), strlen(cluster_folder(c)) + 1) < 0)
        _exit(1);
    kill(getpid(), SIGKILL);
}

START_TEST(a_cluster_ends_with_a_program_that_is_killed)
{
    char folder[64] = "";
    pid_t server = 0, child;
    int told[2];

    ck_assert_int_eq(pipe(told), 0);
    child = fork();
    if (child == 0)
        start_and_die(told[1]);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    ck_assert_int_eq(read(told[0], &server, sizeof server), sizeof server);
    ck_assert_int_gt(read(told[0], folder, sizeof folder), 0);
    ck_assert_int_gt(server, 0);
    ck_assert(gone_in_time(folder, server));
    close(told[0]);
    close(told[1]);
}
END_TEST

/* The first child of a process; 0: it has none. */
static pid_t child_of(pid_t pid)
{
    auto_mem char *path = mem_printf("/proc/%d/task/%d/children", (int)pid, (int)pid);
    auto_done(buf) text = {0};

    return file_read(path, 4096, &text, NULL) ? (pid_t)atoi(buf_text(&text)) : 0;
}

/* The folder of a cluster that is being made by the keeper of a program; NULL: not yet. */
static char *folder_of(pid_t program)
{
    pid_t init = child_of(child_of(program));
    auto_mem char *path = mem_printf("/proc/%d/cmdline", (int)init);
    auto_done(buf) words = {0};

    if (init == 0 || !file_read(path, 4096, &words, NULL))
        return NULL;
    for (size_t at = 0; at < words.len; at += strlen(buf_text(&words) + at) + 1) {
        const char *word = buf_text(&words) + at, *end = strstr(word, "/data");

        if (strstr(word, "/orch-pg-") != NULL && end != NULL)
            return mem_strn(word, (size_t)(end - word));
    }
    return NULL;
}

START_TEST(a_cluster_that_is_being_made_goes_with_a_program_that_is_killed)
{
    auto_mem char *folder = NULL;
    struct cluster *c = NULL;
    pid_t child = fork();

    if (child == 0)
        _exit(cluster_start(CLUSTER_LAZY, &c, NULL) ? 0 : 1);
    while (folder == NULL)
        folder = folder_of(child);
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    ck_assert(gone_in_time(folder, child));
}
END_TEST

START_TEST(a_server_that_was_ended_is_started_again_on_what_it_had)
{
    static const int signals[] = {SIGINT, SIGQUIT, SIGKILL};
    auto_obj(cluster) c = NULL;
    struct err e = {0};
    PGconn *conn;

    ck_assert_msg(cluster_start(CLUSTER_DURABLE, &c, &e), "%s", e.msg);
    auto_mem char *url = cluster_url(c, "postgres", "postgres");
    conn = sql_connect(url);
    sql_run(conn, "CREATE TABLE kept (x integer)");
    PQfinish(conn);
    for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
        pid_t before = cluster_pid(c);

        ck_assert_msg(cluster_halt(c, signals[i], &e), "%s", e.msg);
        ck_assert_int_eq(cluster_pid(c), 0);
        ck_assert_int_ne(PQping(url), PQPING_OK);
        ck_assert(!cluster_halt(c, SIGINT, NULL));
        ck_assert_msg(cluster_resume(c, &e), "%s", e.msg);
        ck_assert_int_ne(cluster_pid(c), before);
        conn = sql_connect(url);
        sql_run(conn, "INSERT INTO kept VALUES (1)");
        PQfinish(conn);
    }
    conn = sql_connect(url);
    auto_mem char *kept = sql_text(conn, "SELECT count(*) FROM kept");
    ck_assert_str_eq(kept, "3");
    PQfinish(conn);
}
END_TEST

TCase *cluster_cases(void)
{
    TCase *c = tcase_create("cluster");

    tcase_add_test(c, a_cluster_serves_and_ends_with_its_owner);
    tcase_add_test(c, a_cluster_ends_with_a_program_that_is_killed);
    tcase_add_test(c, a_cluster_that_is_being_made_goes_with_a_program_that_is_killed);
    tcase_add_test(c, a_server_that_was_ended_is_started_again_on_what_it_had);
    tcase_set_timeout(c, 120);
    return c;
}
