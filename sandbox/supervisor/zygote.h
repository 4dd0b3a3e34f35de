/* zygote.h -- the zygotes that there are: who they are, in which state, to be found, sent to,
 * killed and buried. What they say is hear.c's, how one is made is start.c's.
 *
 * A zygote is freed by zygotes_bury alone, at the end of a turn: when its init is gone and every
 * attempt of it is released. Its number is the host's, its uid is one of ours until then. */
#ifndef ORCH_SANDBOX_SUPERVISOR_ZYGOTE_H
#define ORCH_SANDBOX_SUPERVISOR_ZYGOTE_H

#include "sandbox/supervisor/cgroup.h"
#include "sandbox/supervisor/files.h"
#include "sandbox/supervisor/ids.h"
#include "sandbox/supervisor/loop.h"
#include "sandbox/wire/super_wire.h"

#include <sys/queue.h>

#define ZYGOTE_MAGIC 0x7a79676fu
enum { ZYGOTE_PIDS_MAX = 1024 /* of its group: itself, its init, attempts on their way */ };

/* In this order, none left out; GONE from each. A clean zygote has nothing to load and passes
 * LOADING by. */
enum zygote_state { ZYGOTE_HELLO, ZYGOTE_ENTERING, ZYGOTE_LOADING, ZYGOTE_SERVING, ZYGOTE_GONE };

struct super_zygote {
    uint32_t magic;
    LIST_ENTRY(super_zygote) link;
    struct super *super; /* whose it is, for its watches */
    uint64_t id;         /* 0: the probe */
    uint32_t flags;
    enum zygote_state state;
    int plugin_fd; /* of a warm one, until it has it */
    uint32_t uid;  /* 0: that of the supervisor */
    struct watch control, status, log, init, calls;
    pid_t init_pid;
    pid_t pid;          /* of the zygote, as we see it */
    uint32_t inner_pid; /* as init sees it */
    struct cgroup *group;
    struct confined confined;
    char last_words[256]; /* of its log, and then why it is gone */
    uint64_t log_bytes;
    uint32_t attempts;
    bool told_gone, killed;
    uint32_t still;      /* seconds that it has been stopped */
    uint32_t init_still; /* the same of its init */
};

LIST_HEAD(zygote_list, super_zygote);

struct zygotes {
    struct zygote_list live, dead; /* dead: init is gone */
    struct ids ids;                /* of zygotes and of attempts */
};

/* Takes *z: it is one of the living, with what it holds counted. */
void zygotes_add(struct zygotes *all, struct super_zygote **z, struct files *files);
struct super_zygote *zygote_find(struct zygotes *all, uint64_t id);
void zygote_become(struct super_zygote *z, enum zygote_state state);
bool zygote_send(struct super_zygote *z, const struct frame *frame, struct err *e) must_check;
/* Its init, and with it all of its namespace. What is left without one dies by the chain of parent
 * death signals. Its end is seen later. */
void zygote_kill(struct super_zygote *z);
void zygote_died(struct zygotes *all, struct super_zygote *z);
/* Kills what a zygote that is gone left behind, frees those that are over. */
void zygotes_bury(struct zygotes *all, struct files *files);

#endif
