/* proxy.h -- a Unix socket before that of the cluster, in a thread of the test: it hands on what
 * comes, until it is told to cut a connection. */
#ifndef ORCH_TESTS_STORE_POSTGRES_PROXY_H
#define ORCH_TESTS_STORE_POSTGRES_PROXY_H

#include <stdbool.h>

struct proxy;

enum proxy_cut {
    PROXY_PASSES,
    PROXY_CUTS_REQUEST,  /* the next bytes to the server are lost */
    PROXY_HALVES,        /* half of them arrive */
    PROXY_CUTS_ANSWER,   /* the server did what it was asked; nobody hears of it */
    PROXY_HALVES_ANSWER, /* half of the next bytes of an answer come */
};

/* to: the cluster's folder. */
struct proxy *proxy_start(const char *to);
void proxy_free(struct proxy *p);
const char *proxy_folder(const struct proxy *p);
/* Once: then it passes again. */
void proxy_cut(struct proxy *p, enum proxy_cut how);
/* The writer's connection; with then_holds the proxy holds afterwards. */
void proxy_cut_writer(struct proxy *p, enum proxy_cut how, bool then_holds);
/* Nothing passes, either way, and nothing is lost: the network, or the whole server, stands. */
void proxy_hold(struct proxy *p, bool held);
/* How many connections it has cut. */
int proxy_cuts(const struct proxy *p);

#endif
