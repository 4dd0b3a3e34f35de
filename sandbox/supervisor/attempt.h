/* attempt.h -- attempts from SPAWN to RELEASE: relay the order, check that what came back is what
 * was asked for, put it behind its walls and look at them from outside before anyone lets it go,
 * kill it when told.
 *
 * Every SPAWN is answered once, by SPAWNED or SPAWN_FAILED. Host, zygote, attempt and init act at
 * the same time; what may cross, and what comes of it:
 *
 *   first           then            so
 *   FORKED          anything        it waits at its gate
 *   FORKED          confined        either first: then limits, look, its gate opens, SPAWNED
 *   FORK_FAILED     -               SPAWN_FAILED
 *   zygote gone     FORKED unread   ZYGOTE_GONE, then SPAWN_FAILED; nobody at the gate
 *   zygote gone     confined        as if the zygote lived
 *   it ended        FORKED          SPAWN_FAILED: not living; its zygote goes on, unlike one that
 *                                   shows another process
 *   it ended        confined        SPAWN_FAILED: the gate's end is closed
 *   KILL            FORKED          nothing to kill yet: the host asks again at SPAWNED
 *   RELEASE         FORKED          number unknown, descriptor closed; the gate's end is closed
 *   KILL            it ended        reaches nobody: a pidfd never names another process
 *   it ended        RELEASE         its group and its user are used again
 *   RELEASE         it ended        killed; both are used again once it is seen to be gone
 *   init's record   FORKED          record dropped, FORKED finds it dead
 *   SPAWNED         init's record   EXITED, on kernels whose pidfd does not say how it ended
 *   zygote gone     it ended        as if the zygote lived: init or the kernel reaps it
 */
#ifndef ORCH_SANDBOX_SUPERVISOR_ATTEMPT_H
#define ORCH_SANDBOX_SUPERVISOR_ATTEMPT_H

#include "sandbox/supervisor/faults.h"
#include "sandbox/supervisor/files.h"
#include "sandbox/supervisor/host.h"
#include "sandbox/supervisor/layers.h"
#include "sandbox/supervisor/zygote.h"

#define ATTEMPT_MAGIC 0x61747074u

struct super_attempt {
    uint32_t magic;
    LIST_ENTRY(super_attempt) link;
    struct attempts *home; /* for its watches */
    uint64_t id;
    struct super_zygote *zygote; /* NULL: there is none of that number */
    struct spawn_request request;
    uint32_t uid;       /* of its own; 0: that of its zygote */
    struct watch gate;  /* until it is let go; heard once */
    struct watch life;  /* its pidfd, watched once it is released and lives */
    pid_t pid;          /* 0: not forked yet */
    uint32_t inner_pid; /* as init sees it; only without pidfd exit info */
    int pidfd;
    struct cgroup *group;
    struct confined confined; /* its word, before any of a plugin */
    bool is_confined;
    bool let_go;
    uint32_t waits_s;   /* how long it has been on its way; until it is let go */
    bool over;          /* killed for its memory, its CPU time or a call, and told so */
    int64_t cpu_due_ns; /* when to look at its CPU time */
};

LIST_HEAD(attempt_list, super_attempt);
enum { ATTEMPT_BUCKETS = 256 };

struct attempts {
    struct host *host;
    struct zygotes *zygotes;
    const struct layers *layers;
    struct files *files;
    struct faults *faults;
    struct loop *loop;
    struct attempt_list buckets[ATTEMPT_BUCKETS];
    struct attempt_list released; /* killed, and not yet seen to be gone */
    struct attempt_list dead;     /* of this turn */
    uint32_t count;               /* of the others */
    struct timer memory, cpu, groups;
    struct timer spent; /* descriptors that are still to be closed, at rest */
    bool polls_memory;  /* no group tells of it; while anybody is let go */
};

/* Once the layers are known. */
void attempts_start(struct attempts *all, struct loop *loop);
/* The end of the turn. */
void attempts_bury(struct attempts *all);

/* The host's requests. An id that is not known is one that was released. */
void attempt_spawn(struct attempts *all, struct frame_in *in);
void attempt_kill(struct attempts *all, uint64_t id);
void attempt_release(struct attempts *all, uint64_t id, bool answer);

/* A zygote's answers; one about another's attempt is passed over. */
void attempt_forked(struct attempts *all, struct super_zygote *z, struct frame_in *in);
void attempt_fork_failed(struct attempts *all, struct super_zygote *z, struct frame_in *in);
/* A process of the zygote's made a call that it may not make, and sleeps in it. False when it is no
 * attempt that was let go. */
bool attempt_forbidden(struct attempts *all, const struct super_zygote *z, pid_t pid,
                       const struct call *call);
/* Of init's records. */
void attempt_reaped(struct attempts *all, struct super_zygote *z, uint32_t inner_pid, int status);
/* Once a second: those on their way for as many seconds end, as SPAWN_FAILED. Returns a zygote that
 * did not answer one of them, NULL: none; *ret_on_way: there are any on their way. */
struct super_zygote *attempts_overdue(struct attempts *all, uint32_t limit_s, bool *ret_on_way);
/* The zygote can fork no more: what waits for it fails, what lives goes on without it. */
void attempts_orphaned(struct attempts *all, struct super_zygote *z);

#endif
