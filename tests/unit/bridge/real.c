/* real.c -- see real.h. */
#include "real.h"
#include "talk.h"

#include "base/clock.h"

#include <hiredis/hiredis.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t server;
static uint16_t port;
static redisContext *self;
static struct buf answer;

static void rest(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
}

static bool reached(void)
{
    if (self != NULL)
        redisFree(self);
    self = redisConnect("127.0.0.1", port);
    ck_assert_ptr_nonnull(self);
    return self->err == 0 && strcmp(real_says("PING"), "PONG") == 0;
}

/* Dies with the test, however that ends. */
static void run(void)
{
    char number[8];

    snprintf(number, sizeof number, "%u", port);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || chdir("/tmp") != 0 ||
        freopen("/dev/null", "w", stdout) == NULL)
        _exit(126);
    execlp("redis-server", "redis-server", "--port", number, "--bind", "127.0.0.1", "--save", "",
           "--appendonly", "no", NULL);
    _exit(127);
}

void real_start(void)
{
    int64_t end_ns = clock_mono_ns() + TALK_MS * 1000000LL;

    if (port == 0)
        close(fake_redis(&port));
    server = fork();
    ck_assert_int_ge(server, 0);
    if (server == 0)
        run();
    while (!reached()) {
        ck_assert_msg(clock_mono_ns() < end_ns && waitpid(server, NULL, WNOHANG) == 0,
                      "redis-server does not run");
        rest();
    }
}

void real_stop(void)
{
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
}

void real_freeze(void)
{
    ck_assert_int_eq(kill(server, SIGSTOP), 0);
}

void real_thaw(void)
{
    ck_assert_int_eq(kill(server, SIGCONT), 0);
}

uint16_t real_port(void)
{
    return port;
}

/* ---- what is said ---- */

static void add_reply(const redisReply *reply)
{
    switch (reply->type) {
    case REDIS_REPLY_NIL:
        buf_adds(&answer, "nil");
        break;
    case REDIS_REPLY_INTEGER:
        buf_add_int(&answer, reply->integer);
        break;
    case REDIS_REPLY_ARRAY:
        buf_addc(&answer, '[');
        for (size_t i = 0; i < reply->elements; i++) {
            if (i > 0)
                buf_addc(&answer, ' ');
            add_reply(reply->element[i]);
        }
        buf_addc(&answer, ']');
        break;
    default:
        if (reply->type == REDIS_REPLY_ERROR)
            buf_addc(&answer, '-');
        buf_add(&answer, reply->str, (size_t)reply->len);
    }
}

static const char *says(const char *format, va_list args)
{
    redisReply *reply = redisvCommand(self, format, args);

    buf_clear(&answer);
    if (reply == NULL)
        return "";
    add_reply(reply);
    freeReplyObject(reply);
    return buf_text(&answer);
}

const char *real_says(const char *format, ...)
{
    const char *text;
    va_list args;

    va_start(args, format);
    text = says(format, args);
    va_end(args);
    return text;
}

void real_until(const char *wanted, const char *format, ...)
{
    int64_t end_ns = clock_mono_ns() + TALK_MS * 1000000LL;
    const char *text;
    va_list args;

    for (;;) {
        va_start(args, format);
        text = says(format, args);
        va_end(args);
        if (strcmp(text, wanted) == 0)
            return;
        ck_assert_msg(clock_mono_ns() < end_ns, "%s: '%s' and not '%s'", format, text, wanted);
        rest();
    }
}
