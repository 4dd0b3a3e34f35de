/* super.h -- orch-supervisor inside. The process that has the rights: it makes namespaces, uids and
 * cgroups, starts zygotes, relays descriptors to them, kills. Single thread, one epoll loop, no
 * network, no store, no secret; it opens no file that a plugin names and parses nothing that a
 * plugin wrote except the fixed head of a frame. It lives exactly as long as the host's socket.
 *
 *   main.c     arguments, loop, end           start.c    makes a zygote
 *   probe.c    which layers this host has     zygote.c   its messages, its end
 *   init.c     PID 1 of each namespace        attempt.c  fork, limit, kill, release
 *   authority.c
 */
#ifndef ORCH_SANDBOX_SUPERVISOR_SUPER_H
#define ORCH_SANDBOX_SUPERVISOR_SUPER_H

#include "sandbox/supervisor/cgroup.h"
#include "sandbox/wire/super_wire.h"

#include <sys/epoll.h>
#include <sys/queue.h>

struct super;

/* A watched descriptor. Objects that hold one are freed at the end of the turn, never inside. */
struct source {
    int fd; /* -1: none */
    void (*ready)(struct super *s, struct source *src);
    void *owner;
};

enum super_fault { FAULT_GROUP, FAULT_FORK, FAULT_COUNT };

enum zygote_state { ZYGOTE_HELLO, ZYGOTE_ENTERING, ZYGOTE_LOADING, ZYGOTE_SERVING, ZYGOTE_GONE };

struct super_zygote {
    LIST_ENTRY(super_zygote) link;
    uint64_t id; /* 0: the probe */
    uint32_t flags;
    enum zygote_state state;
    char digest[DIGEST_TEXT_BYTES];
    int plugin_fd;
    uint32_t uid; /* 0: that of the supervisor */
    struct source control, status, log, init;
    pid_t init_pid;
    pid_t pid;          /* of the zygote, as we see it */
    uint32_t inner_pid; /* as init sees it */
    struct cgroup *group;
    struct zygote_confined confined;
    char last_words[256]; /* of its log, and then why it is gone */
    uint32_t attempts;
    bool told_gone, killed;
};

struct super_attempt {
    LIST_ENTRY(super_attempt) link;
    uint64_t id;
    struct super_zygote *zygote; /* NULL: it went away */
    struct spawn_request request;
    pid_t pid;          /* 0: not forked yet */
    uint32_t inner_pid; /* as init sees it; only without pidfd exit info */
    int pidfd;
    struct cgroup *group;
    bool over_memory;
};

LIST_HEAD(zygote_list, super_zygote);
LIST_HEAD(attempt_list, super_attempt);
enum { ATTEMPT_BUCKETS = 256, UID_SLOTS = 2048 };

struct super {
    int epoll, worker_fd;
    struct source host;
    bool stopping;
    const char *worker_path, *authority_path, *home;
    bool create_root; /* the authority may make its root key */
    uint32_t without; /* LAYER_* switched off */
    struct {
        uint32_t every, seen;
    } faults[FAULT_COUNT];
    uint32_t slow_ms; /* a fault too: see main.c */

    /* Found by probing. */
    struct layer_report report;
    bool root;            /* uids and namespaces without a user namespace */
    uint64_t clone_flags; /* CLONE_NEW* */
    uint32_t outer;       /* OUTER_LAYERS of every zygote */
    uint32_t inner;       /* INNER_LAYERS that a zygote must report */
    struct cgroups *cgroups;
    int filters[2]; /* sealed struct filter_set: without and with threads */

    uint32_t zygote_count, attempt_count, files_max;
    struct zygote_list zygotes, dead_zygotes;
    struct attempt_list attempts[ATTEMPT_BUCKETS];
    uint64_t uid_used[UID_SLOTS / 64];
    uint32_t uid_next;
    int64_t memory_poll_ns;

    struct {
        struct source process;
        int64_t started_ns, restart_ns; /* restart_ns: 0 while it runs */
        int64_t backoff_ns;
    } authority;
    struct frame_in in;
};

/* main.c */
void source_watch(struct super *s, struct source *src, int fd,
                  void (*ready)(struct super *, struct source *), void *owner);
void source_close(struct super *s, struct source *src);
int events_wait(struct super *s, struct epoll_event *events, int most, int timeout_ms);
/* Blocks while the host is slow; ends the supervisor when the host is gone. */
void tell_host(struct super *s, enum super_message type, uint64_t id, const void *payload,
               size_t bytes, int fd);
void tell_host_text(struct super *s, enum super_message type, uint64_t id, const char *text);
bool fault_hit(struct super *s, enum super_fault fault);

/* False when a next message might find no free descriptor for what it carries: whoever would need
 * more is refused while there is still room to say so. */
bool files_are_left(const struct super *s);

/* probe.c: fills the part of struct super above. Ends the process when nothing can be run
 * safely and says why. */
bool probe_layers(struct super *s, struct err *e) must_check;

/* init.c */
struct init_start {
    uint64_t clone_flags;
    int worker_fd;
    int control, status, log; /* the child's ends */
    uint32_t init_uid;        /* 0: stays */
};
/* Clones init, which forks and execs a zygote once go_fd is written to (one byte). */
bool init_start(const struct init_start *start, pid_t *ret_pid, int *ret_pidfd, int *ret_go_fd,
                struct err *e) must_check;

/* start.c */
bool zygote_start(struct super *s, uint64_t id, uint32_t flags, const char *digest, int *plugin_fd,
                  struct super_zygote **ret, struct err *e) must_check;
/* Accepts 0. */
void uid_give_back(struct super *s, uint32_t uid);

/* zygote.c: the handlers of its descriptors */
void zygote_on_control(struct super *s, struct source *src);
void zygote_on_status(struct super *s, struct source *src);
void zygote_on_log(struct super *s, struct source *src);
void zygote_on_init_gone(struct super *s, struct source *src);
struct super_zygote *zygote_find(struct super *s, uint64_t id);
void zygote_stop(struct super *s, struct super_zygote *z);
void zygote_kill(struct super *s, struct super_zygote *z);
/* Frees zygotes that have ended and have no attempts. */
void zygotes_bury(struct super *s);
bool zygote_send(struct super_zygote *z, const struct frame *frame, struct err *e) must_check;

/* attempt.c */
void attempt_spawn(struct super *s, struct frame_in *in);
void attempt_kill(struct super *s, uint64_t id);
void attempt_release(struct super *s, uint64_t id, bool answer);
void attempt_forked(struct super *s, struct super_zygote *z, struct frame_in *in);
void attempt_fork_failed(struct super *s, struct super_zygote *z, struct frame_in *in);
/* Of init's records. */
void attempt_reaped(struct super *s, struct super_zygote *z, uint32_t inner_pid, int status);
/* The zygote can fork no more: what waits for it fails, what lives goes on without it. */
void attempts_orphaned(struct super *s, struct super_zygote *z);
/* Kills what is over its memory on hosts without a memory cgroup; the time of the next look. */
int64_t attempts_poll_memory(struct super *s, int64_t now_ns);

/* authority.c */
bool authority_start(struct super *s, int64_t now_ns, struct err *e) must_check;
int64_t authority_turn(struct super *s, int64_t now_ns);
void authority_kill(struct super *s);

#endif
