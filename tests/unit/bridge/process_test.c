/* process_test.c -- orch-bridge itself: it needs its arguments, says that it is confined, connects
 * all the same, and ends with its host. */
#include "nats_talk.h"
#include "talk.h"

#include "base/auto.h"
#include "base/mem.h"
#include "bridge/wire/tasks.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t spawn(int sock, const char *const *argv)
{
    pid_t pid = fork();

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        if (sock >= 0 && dup2(sock, 3) < 0)
            _exit(126);
        execv(ORCH_BRIDGE_PROGRAM, (char *const *)argv);
        _exit(127);
    }
    return pid;
}

static int status_of(pid_t pid)
{
    int status;

    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static const char *const arguments[] = {"orch-bridge", "--socket-fd", "3",
                                        "--log-level", "error",       NULL};

static pid_t begin(int *ret_link)
{
    struct err e = {0};
    int ends[2];
    pid_t pid;

    ck_good(frame_pair(ends, &e), &e);
    pid = spawn(ends[1], arguments);
    close(ends[1]);
    *ret_link = ends[0];
    return pid;
}

/* A line of /proc/PID/status. */
static void has_line(pid_t pid, const char *line)
{
    auto_mem char *path = mem_printf("/proc/%d/status", (int)pid);
    char text[8192] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_gt(read(fd, text, sizeof text - 1), 0);
    close(fd);
    ck_assert_msg(strstr(text, line) != NULL, "no '%s' in\n%s", line, text);
}

START_TEST(it_connects_with_no_right_but_the_network)
{
    char url[64];
    uint16_t port;
    int link, listening = fake_redis(&port), peer;
    pid_t pid = begin(&link);

    snprintf(url, sizeof url, "redis://localhost:%u", port); /* the resolver's files are let */
    talk_set_up(link, url, 10000);
    peer = fake_greets(listening);
    ck_assert(talk_state_until(link, true).up);
    has_line(pid, "NoNewPrivs:\t1");
#ifndef ORCH_UNCONFINED
    has_line(pid, "Seccomp:\t2");
    has_line(pid, "CapEff:\t0000000000000000");
    if (geteuid() == 0)
        has_line(pid, "Uid:\t65534\t65534\t65534\t65534");
#endif
    kill(pid, SIGTERM); /* the host's to answer */
    close(link);
    ck_assert_int_eq(status_of(pid), 0);
    close(peer);
    close(listening);
}
END_TEST

/* With libnats' threads, beside ours. */
START_TEST(it_speaks_to_nats_as_well)
{
    struct bridge_setup setup = {.nats = {10000, 150}, .sweep_ms = 100, .idle_ms = 1000};
    struct bridge_lane lane = {.name = "ml", .backend = BRIDGE_NATS, .reads = true};
    struct nats_world world;
    struct buf body = {0};
    int link;
    pid_t pid;

    nats_world_begin(&world, true);
    pid = begin(&link);
    snprintf(setup.nats_url, sizeof setup.nats_url, "nats://localhost:%u", world.port);
    bridge_setup_pack(&body, &setup);
    talk_say(link, BRIDGE_SETUP, &body);
    bridge_lane_pack(&body, &lane);
    talk_say(link, BRIDGE_LANE, &body);
    ck_assert(talk_state_until(link, true).up);
    nats_holds_at_last(&world, "ORCH_TASKS", 0);
    close(link);
    ck_assert_int_eq(status_of(pid), 0);
    nats_world_end(&world);
}
END_TEST

START_TEST(a_host_that_says_what_it_may_not_ends_it)
{
    struct buf body = {0};
    int link;
    pid_t pid = begin(&link);

    talk_say(link, BRIDGE_PONG, &body);
    ck_assert_int_eq(status_of(pid), 1);
    close(link);
}
END_TEST

static const char *const wrong[][4] = {
    {"orch-bridge"},
    {"orch-bridge", "--socket-fd", "2"},
    {"orch-bridge", "--socket-fd=3", "more"},
    {"orch-bridge", "--socket-fd=3", "--log-level=loud"},
};

START_TEST(it_is_started_by_the_supervisor)
{
    const char *argv[5] = {wrong[_i][0], wrong[_i][1], wrong[_i][2], wrong[_i][3]};

    ck_assert_int_eq(status_of(spawn(-1, argv)), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bridge process");
    TCase *c = tcase_create("process");
    SRunner *runner;
    int failed;

    tcase_add_test(c, it_connects_with_no_right_but_the_network);
    tcase_add_test(c, it_speaks_to_nats_as_well);
    tcase_add_test(c, a_host_that_says_what_it_may_not_ends_it);
    tcase_add_loop_test(c, it_is_started_by_the_supervisor, 0, ARRAY_LEN(wrong));
    suite_add_tcase(suite, c);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
