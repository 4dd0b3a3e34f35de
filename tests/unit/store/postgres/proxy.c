/* proxy.c -- see proxy.h. */
#include "proxy.h"

#include "base/mem.h"

#include <check.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PAIRS_MAX = 24, LOOK_MS = 10, PIECE_BYTES = 64 * 1024 };
#define SOCKET_NAME ".s.PGSQL.5432"

struct pair {
    int client, server; /* -1: free */
    bool writer;
};

struct proxy {
    char *folder, *to;
    int listener;
    pthread_t thread;
    atomic_int how, cuts, ends;
    atomic_bool writer_only, then_holds, held;
    struct pair pairs[PAIRS_MAX];
};

static struct sockaddr_un address(const char *folder)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};

    snprintf(a.sun_path, sizeof a.sun_path, "%s/" SOCKET_NAME, folder);
    return a;
}

static void end(struct pair *pair)
{
    if (pair->client >= 0)
        close(pair->client);
    if (pair->server >= 0)
        close(pair->server);
    *pair = (struct pair){-1, -1, false};
}

static void take_one(struct proxy *p)
{
    struct sockaddr_un to = address(p->to);
    struct pair pair = {accept(p->listener, NULL, NULL), socket(AF_UNIX, SOCK_STREAM, 0), false};

    if (pair.client < 0 || connect(pair.server, (struct sockaddr *)&to, sizeof to) < 0) {
        end(&pair);
        return;
    }
    for (int i = 0; i < PAIRS_MAX; i++) {
        if (p->pairs[i].client < 0) {
            p->pairs[i] = pair;
            return;
        }
    }
    end(&pair);
}

static bool write_all(int fd, const char *bytes, ssize_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, bytes, (size_t)len, MSG_NOSIGNAL);

        if (n <= 0)
            return false;
        bytes += n;
        len -= n;
    }
    return true;
}

static bool is_due(struct proxy *p, const struct pair *pair, enum proxy_cut how)
{
    int expected = (int)how;

    if ((atomic_load(&p->writer_only) && !pair->writer) ||
        !atomic_compare_exchange_strong(&p->how, &expected, PROXY_PASSES))
        return false;
    atomic_store(&p->held, atomic_load(&p->then_holds));
    atomic_fetch_add(&p->cuts, 1);
    return true;
}

static void hand_on(struct proxy *p, struct pair *pair, bool up)
{
    char bytes[PIECE_BYTES];
    ssize_t n = recv(up ? pair->client : pair->server, bytes, sizeof bytes, 0);

    bool lost = n <= 0 || is_due(p, pair, up ? PROXY_CUTS_REQUEST : PROXY_CUTS_ANSWER);
    bool halved = !lost && is_due(p, pair, up ? PROXY_HALVES : PROXY_HALVES_ANSWER);

    /* It says who it is with the first that it sends. */
    pair->writer = pair->writer || (up && n > 0 && memmem(bytes, (size_t)n, ":writer", 7) != NULL);
    if (!lost)
        lost = !write_all(up ? pair->server : pair->client, bytes, halved ? n / 2 : n);
    if (lost || halved)
        end(pair);
}

static void look(struct proxy *p, struct pair *pair)
{
    struct pollfd both[2] = {{pair->client, POLLIN, 0}, {pair->server, POLLIN, 0}};

    if (pair->client < 0 || poll(both, 2, 0) <= 0)
        return;
    if (both[0].revents != 0)
        hand_on(p, pair, true);
    if (pair->client >= 0 && both[1].revents != 0)
        hand_on(p, pair, false);
}

static void *proxy_main(void *arg)
{
    struct proxy *p = arg;

    while (atomic_load(&p->ends) == 0) {
        struct pollfd all[1 + 2 * PAIRS_MAX] = {{p->listener, POLLIN, 0}};

        for (int i = 0; i < PAIRS_MAX; i++) {
            all[1 + 2 * i] = (struct pollfd){p->pairs[i].client, POLLIN, 0};
            all[2 + 2 * i] = (struct pollfd){p->pairs[i].server, POLLIN, 0};
        }
        if (atomic_load(&p->held)) {
            poll(NULL, 0, LOOK_MS);
            continue;
        }
        if (poll(all, 1 + 2 * PAIRS_MAX, LOOK_MS) <= 0)
            continue;
        if (all[0].revents != 0)
            take_one(p);
        for (int i = 0; i < PAIRS_MAX && !atomic_load(&p->held); i++)
            look(p, &p->pairs[i]);
    }
    return NULL;
}

struct proxy *proxy_start(const char *to)
{
    struct proxy *p = mem_new(struct proxy);
    struct sockaddr_un own;

    p->folder = mem_str("/tmp/orch-proxy-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(p->folder));
    p->to = mem_str(to);
    own = address(p->folder);
    for (int i = 0; i < PAIRS_MAX; i++)
        p->pairs[i] = (struct pair){-1, -1, false};
    p->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(p->listener, (struct sockaddr *)&own, sizeof own), 0);
    ck_assert_int_eq(listen(p->listener, PAIRS_MAX), 0);
    ck_assert_int_eq(pthread_create(&p->thread, NULL, proxy_main, p), 0);
    return p;
}

void proxy_free(struct proxy *p)
{
    struct sockaddr_un own = address(p->folder);

    atomic_store(&p->ends, 1);
    pthread_join(p->thread, NULL);
    for (int i = 0; i < PAIRS_MAX; i++)
        end(&p->pairs[i]);
    close(p->listener);
    unlink(own.sun_path);
    rmdir(p->folder);
    free(p->folder);
    free(p->to);
    free(p);
}

const char *proxy_folder(const struct proxy *p)
{
    return p->folder;
}

void proxy_cut_writer(struct proxy *p, enum proxy_cut how, bool then_holds)
{
    atomic_store(&p->writer_only, true);
    atomic_store(&p->then_holds, then_holds);
    atomic_store(&p->how, (int)how);
}

void proxy_cut(struct proxy *p, enum proxy_cut how)
{
    atomic_store(&p->writer_only, false);
    atomic_store(&p->then_holds, false);
    atomic_store(&p->how, (int)how);
}

void proxy_hold(struct proxy *p, bool held)
{
    atomic_store(&p->held, held);
}

int proxy_cuts(const struct proxy *p)
{
    return atomic_load(&p->cuts);
}
