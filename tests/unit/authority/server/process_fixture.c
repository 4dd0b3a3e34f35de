/* process_fixture.c -- see process_fixture.h. */
#include "process_fixture.h"

#include "base/clock.h"
#include "base/mem.h"
#include "ipc/frame.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct answer test_answer;
struct authority_client *test_client;
pid_t test_pid;

/* tests/mutation has changed ones. */
static const char *program(void)
{
    const char *other = getenv("ORCH_AUTHORITY_PROGRAM");

    return other != NULL ? other : ORCH_AUTHORITY_PROGRAM;
}

/* The child keeps the socket as descriptor 3 and writes its log to DIR/log. */
static void exec_authority(int sock, bool create_root)
{
    auto_mem char *log = mem_printf("%s/log", test_dir);
    int log_fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);

    dup2(log_fd, STDERR_FILENO);
    if (sock == 3)
        fcntl(3, F_SETFD, 0);
    else
        dup2(sock, 3);
    execl(program(), "orch-authority", "--home", test_dir, "--socket-fd", "3",
          create_root ? "--create-root" : NULL, NULL);
    _exit(127);
}

pid_t test_spawn(int *ret_sock, bool create_root)
{
    int ends[2];
    struct err e = {0};
    pid_t pid;

    ck_good(frame_pair(ends, &e), &e);
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0)
        exec_authority(ends[1], create_root);
    close(ends[1]);
    *ret_sock = ends[0];
    return pid;
}

/* The exit status, or minus the signal. */
int test_exit_status(pid_t pid)
{
    int status;

    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void start_process(bool create_root)
{
    int sock;

    test_pid = test_spawn(&sock, create_root);
    authority_client_attach(test_client, &sock);
}

void test_start(void)
{
    test_dir_make();
    test_answer = (struct answer){0};
    test_client = authority_client_new();
    start_process(true);
}

void test_stop(void)
{
    authority_client_free(test_client);
    if (test_pid > 0)
        ck_assert_int_eq(test_exit_status(test_pid), 0);
    buf_done(&test_answer.text);
    test_dir_remove();
}

void test_restart(void)
{
    int ends[2];
    struct err e = {0};

    ck_good(frame_pair(ends, &e), &e);
    close(ends[1]);
    authority_client_attach(test_client, &ends[0]); /* closes the old socket: its process ends */
    ck_assert_int_eq(test_exit_status(test_pid), 0);
    start_process(false);
}

static void copy_text(const struct authority_result *result)
{
    const struct authority_bytes parts[] = {
        result->verified.payload,
        result->signatures.envelopes[0],
        result->token,
        result->blob,
        result->keys.jwks,
        result->trust,
    };

    buf_clear(&test_answer.text);
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        if (parts[i].data != NULL)
            buf_add(&test_answer.text, parts[i].data, parts[i].len);
    }
}

static void done(void *arg, const struct authority_result *result, const struct err *err)
{
    (void)arg;
    test_answer.count++;
    test_answer.err = err != NULL ? *err : (struct err){0};
    if (result == NULL)
        return;
    test_answer.result = *result;
    copy_text(result);
}

struct authority_reply test_reply(void)
{
    return (struct authority_reply){done, NULL};
}

/* Turns until one more answer is there. */
bool test_wait(struct err *e)
{
    unsigned before = test_answer.count;
    int64_t end_ns = clock_mono_ns() + 20LL * 1000 * 1000 * 1000;

    while (test_answer.count == before) {
        struct pollfd fd = {.fd = authority_client_fd(test_client),
                            .events = authority_client_events(test_client)};

        ck_assert_msg(clock_mono_ns() < end_ns, "no answer");
        poll(&fd, 1, 100);
        authority_client_turn(test_client, clock_mono_ns());
    }
    *e = test_answer.err;
    return e->code == ERR_NONE;
}

struct test_keys test_keys(void)
{
    struct test_keys keys;
    struct err e = {0};

    ck_good(authority_public_keys(test_client, test_reply(), &e), &e);
    ck_good(test_wait(&e), &e);
    keys.host = test_answer.result.keys.host;
    keys.publisher = test_answer.result.keys.publisher;
    memcpy(keys.box, test_answer.result.keys.box, sizeof keys.box);
    return keys;
}
