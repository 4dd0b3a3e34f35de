/* bare.c -- see bare.h. */
#include "bare.h"

#include "shared.h"

#include "base/mem.h"

#include <libwebsockets.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

enum { MESSAGE_MAX = 64 * 1024, POLL_MS = 1 };

struct shared {
    volatile int port, go;
};

struct bare {
    struct shared *shared;
    pid_t pid;
};

struct session {
    int told;
};

static struct {
    struct shared *shared;
    struct lws_context *context;
    char text[LWS_PRE + MESSAGE_MAX];
    int messages, bytes, published;
} server;

static char *message(int number)
{
    char *text = server.text + LWS_PRE;
    int head =
        snprintf(text, MESSAGE_MAX, "{\"type\":\"run.failed\",\"seq\":%d,\"data\":\"", number);

    memset(text + head, 'x', (size_t)(server.bytes - head - 2));
    memcpy(text + server.bytes - 2, "\"}", 2);
    return text;
}

/* As many as the socket takes: one a turn is slower. */
static int tell(struct lws *wsi, struct session *s)
{
    while (s->told < server.published) {
        unsigned char *text = (unsigned char *)message(++s->told);

        if (lws_write(wsi, text, (size_t)server.bytes, LWS_WRITE_TEXT) < server.bytes)
            return -1;
        if (s->told < server.published && lws_send_pipe_choked(wsi)) {
            lws_callback_on_writable(wsi);
            break;
        }
    }
    return 0;
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user,
                    void *in unused_arg, size_t len unused_arg)
{
    return reason == LWS_CALLBACK_SERVER_WRITEABLE ? tell(wsi, user) : 0;
}

static const struct lws_protocols protocols[] = {
    {"orch.runs.v1+json", callback, sizeof(struct session), 4096, 0, NULL, 0},
    {NULL, NULL, 0, 0, 0, NULL, 0},
};

static void on_timer(uv_timer_t *timer unused_arg)
{
    if (server.shared->go == 0 || server.published > 0)
        return;
    server.published = server.messages;
    lws_callback_on_writable_all_protocol(server.context, &protocols[0]);
}

static _Noreturn void serve(void)
{
    uv_loop_t *loop = uv_default_loop();
    void *loops[1] = {loop};
    struct lws_context_creation_info info = {.port = 0,
                                             .iface = "127.0.0.1",
                                             .protocols = protocols,
                                             .options = LWS_SERVER_OPTION_LIBUV,
                                             .foreign_loops = loops,
                                             .max_http_header_pool = 1024};
    uv_timer_t timer;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    lws_set_log_level(LLL_ERR, NULL);
    server.context = lws_create_context(&info);
    if (server.context == NULL) {
        fputs("bench: no libwebsockets context\n", stderr);
        exit(1);
    }
    uv_timer_init(loop, &timer);
    uv_timer_start(&timer, on_timer, POLL_MS, POLL_MS);
    server.shared->port =
        lws_get_vhost_listen_port(lws_get_vhost_by_name(server.context, "default"));
    uv_run(loop, UV_RUN_DEFAULT);
    exit(1);
}

struct bare *bare_start(int messages, int bytes, int *ret_port)
{
    struct bare *bare = mem_new(struct bare);

    bare->shared = shared_new(sizeof *bare->shared);
    if (bytes > MESSAGE_MAX || (bare->pid = fork()) < 0) {
        perror("bench: a bare server");
        exit(1);
    }
    server.shared = bare->shared;
    server.messages = messages;
    server.bytes = bytes;
    if (bare->pid == 0)
        serve();
    while (bare->shared->port == 0) {
        if (waitpid(bare->pid, NULL, WNOHANG) != 0)
            exit(1); /* it said why */
        usleep(1000);
    }
    *ret_port = bare->shared->port;
    return bare;
}

void bare_go(struct bare *bare)
{
    bare->shared->go = 1;
}

void bare_stop(struct bare *bare)
{
    kill(bare->pid, SIGKILL);
    waitpid(bare->pid, NULL, 0);
    munmap(bare->shared, sizeof *bare->shared);
    free(bare);
}
