/* internal.h -- the host's client inside: what its files share. Nobody else includes this.
 *
 *   domain    (plugin, profile, tenant, threads, cold): what may share a zygote
 *   zygote    a running orch-worker that forks for one domain
 *   pool      (domain, limits, secrets): what may share a spare; has the queue of waiting attempts
 *   slot      one forked process: being spawned, confining itself, ready, running, ended
 *   attempt   what the caller asked for; waits in its pool until it has a slot
 *
 * Slots and attempts that ended stay allocated until the end of the turn (sb->dead_slots). */
#ifndef ORCH_SANDBOX_CLIENT_INTERNAL_H
#define ORCH_SANDBOX_CLIENT_INTERNAL_H

#include "sandbox/client/client.h"
#include "sandbox/wire/attempt_reader.h"
#include "sandbox/wire/super_wire.h"

#include <sys/queue.h>

enum {
    SPARES_MAX_DEFAULT = 64,
    SPARES_MIN_DEFAULT = 2,
    ZYGOTES_MAX_DEFAULT = 64,
    ATTEMPTS_MAX_DEFAULT = 4096,
    LOAD_MS_DEFAULT = 10 * 1000,
    SLOTS_MAX = 512,           /* processes of attempts, all together */
    SPAWNS_A_ZYGOTE_MAX = 16,  /* under way at once */
    FAILURES_MAX = 3,          /* in a row, then those who wait are told */
    ZYGOTE_ATTEMPTS_MAX = 5000 /* then a fresh address space layout */
};

#define SECOND_NS (1000 * 1000 * 1000LL)
#define SPAWN_NS (10 * SECOND_NS)     /* SPAWN to READY */
#define LOST_NS (2 * SECOND_NS)       /* SIGKILL to exit */
#define EXIT_WORD_NS (1 * SECOND_NS)  /* exit to init's word about it */
#define QUIET_NS (2 * 1000 * 1000LL)  /* after a start, before spares are made again */
#define POOL_IDLE_NS (60 * SECOND_NS) /* then it keeps spares_min */
#define DOMAIN_IDLE_NS (600 * SECOND_NS)
#define ZYGOTE_AGE_NS (900 * SECOND_NS)

struct watch {
    int fd; /* -1: none */
    void (*ready)(struct sandbox *sb, struct watch *w, uint32_t events);
    void *owner;
};

enum plugin_state { PLUGIN_LOADING, PLUGIN_READY, PLUGIN_REMOVED };

struct plugin {
    TAILQ_ENTRY(plugin) link;
    char digest[DIGEST_TEXT_BYTES];
    int so_fd;
    char *id, *version; /* expected; NULL: any */
    enum isolation isolation;
    enum plugin_state state;
    uint32_t domains;
};

enum zyg_state { ZYG_STARTING, ZYG_READY, ZYG_STOPPING };

struct zyg {
    TAILQ_ENTRY(zyg) link;
    uint64_t id;
    struct domain *domain;
    enum zyg_state state;
    int64_t started_ns, deadline_ns; /* deadline: while starting */
    uint32_t spawning;               /* asked for, not there yet */
    uint64_t spawned;
};
TAILQ_HEAD(zyg_list, zyg);

struct domain {
    TAILQ_ENTRY(domain) link;
    struct plugin *plugin;
    char tenant[TENANT_BYTES_MAX + 1];
    enum profile profile;
    enum isolation isolation;
    bool threads;
    bool describes; /* loads the plugin once for on_plugin_ready, then ends */
    struct zyg_list zygotes;
    uint32_t zygote_count, failures;
    int64_t not_before_ns; /* after a failure */
    int64_t used_ns;
    uint32_t pools;
};

enum slot_state {
    SLOT_MADE,      /* has its channels; waits for a zygote */
    SLOT_SPAWNING,  /* the supervisor was asked */
    SLOT_CONFINING, /* GO was said */
    SLOT_READY,     /* a spare */
    SLOT_RUNNING,   /* has an attempt */
    SLOT_RELEASING, /* ended; the supervisor is asked about its memory */
    SLOT_DEAD,
};
/* MADE to CONFINING are in pool->starting, RUNNING and RELEASING in pool->running. */

struct slot {
    TAILQ_ENTRY(slot) link; /* in the pool's list of its state, or in dead_slots */
    TAILQ_ENTRY(slot) hash_link;
    uint64_t id;
    struct pool *pool;
    struct zyg *zyg; /* NULL: it went away */
    enum slot_state state;
    struct watch channel, out, err, process;
    int theirs[4];       /* until they were sent: channel, stdout, stderr, secrets */
    int secret_fd;       /* write end until an attempt takes it */
    uint32_t layers;     /* inner and outer, as far as known */
    int64_t deadline_ns; /* of SPAWNING, CONFINING, or for the exit after a kill */
    int wait_status;
    bool answered; /* to SPAWN */
    bool exit_known, exit_seen;
    /* Set before RUNNING: reserved, because the attempt was given this slot's secrets pipe. */
    struct attempt *attempt;
    struct observed seen;
};
TAILQ_HEAD(slot_list, slot);

TAILQ_HEAD(attempt_queue, attempt);

struct pool {
    TAILQ_ENTRY(pool) link;
    struct domain *domain;
    struct attempt_limits limits;
    bool has_secrets;
    struct attempt_queue waiting;
    struct slot_list starting, ready, running;
    uint32_t waiting_count, starting_count, ready_count, running_count;
    uint32_t target; /* spares to keep */
    uint32_t failures;
    int64_t not_before_ns;
    int64_t used_ns;  /* the last start */
    int64_t decay_ns; /* when target shrinks next */
};

/* Text of one stream on its way to the caller. */
struct stream {
    uint64_t left, dropped;
    bool marked;
    uint8_t carry[4]; /* a character cut by the packet's end */
    uint8_t carry_bytes;
};

struct attempt {
    TAILQ_ENTRY(attempt) link; /* in its pool's queue, or in sb->done */
    TAILQ_ENTRY(attempt) hash_link;
    TAILQ_ENTRY(attempt) begun_link; /* in sb->begun while begun_due */
    uint64_t id;
    struct pool *pool;
    struct slot *slot;
    char *agent_id;
    uint32_t required_layers;
    int min_level;
    int64_t deadline_ns;
    struct buf input; /* packed; emptied when sent */
    size_t input_sent;
    bool queued; /* in its pool's queue */
    bool begun_due;
    bool cancelled, stop_sent;
    int64_t started_ns, ended_ns;
    uint32_t layers;
    struct stream streams[3];
    uint64_t channel_bytes;
    struct attempt_reader reader;
    /* Decided. */
    enum outcome outcome;
    char *reason; /* for outcomes that no frame explains */
    json_t *output_json;
    struct observed seen;
    uint64_t memory_peak;
};

enum { HASH_BUCKETS = 512 };

struct out_frame {
    STAILQ_ENTRY(out_frame) link;
    struct frame frame;
    int fds[FRAME_FDS_MAX];
    uint8_t payload[];
};

struct sandbox {
    struct sandbox_options options;
    struct sandbox_events events;
    void *arg;
    struct layer_report report;
    int epoll, wake_fd, null_fd;
    struct watch supervisor, wake;
    pid_t supervisor_pid;
    bool gone, gone_told; /* the supervisor */
    int64_t now_ns, next_ns;
    uint64_t next_id; /* of attempts, slots and zygotes alike */
    uint32_t cpus;
    uint32_t zygote_count, slot_count, attempt_count;
    STAILQ_HEAD(out_queue, out_frame) outbox;
    TAILQ_HEAD(plugin_list, plugin) plugins;
    TAILQ_HEAD(domain_list, domain) domains;
    TAILQ_HEAD(pool_list, pool) pools;
    TAILQ_HEAD(attempt_bucket, attempt) attempts[HASH_BUCKETS];
    TAILQ_HEAD(slot_bucket, slot) slots[HASH_BUCKETS];
    struct attempt_queue begun, done; /* on_attempt_started, on_attempt_done are due */
    struct slot_list dead_slots;
    struct sandbox_counts counts;
    struct frame_in in;
    struct attempt_packet packet;
};

/* client.c */
void watch_add(struct sandbox *sb, struct watch *w, int fd, uint32_t events,
               void (*ready)(struct sandbox *, struct watch *, uint32_t), void *owner);
void watch_events(struct sandbox *sb, struct watch *w, uint32_t events);
void watch_close(struct sandbox *sb, struct watch *w);
void timer_at(struct sandbox *sb, int64_t at_ns);
/* Makes the poll descriptor readable: something became due outside of sandbox_turn. */
void wake_self(struct sandbox *sb);

/* super.c */
bool supervisor_start(struct sandbox *sb, struct err *e) must_check;
void supervisor_stop(struct sandbox *sb);
void supervisor_await(struct sandbox *sb);
/* Queues when the supervisor's socket is full. Takes the descriptors in any case. */
void tell_super(struct sandbox *sb, enum super_message type, uint64_t id, const void *payload,
                size_t bytes, int *fds, uint32_t fd_count);

/* plugin.c */
struct plugin *plugin_find(struct sandbox *sb, const char *digest);
void plugin_loaded(struct sandbox *sb, struct domain *domain, const void *bytes, size_t len);
void plugin_refused(struct sandbox *sb, struct domain *domain, const struct err *why);
/* Frees what was removed and is no longer used. */
void plugins_sweep(struct sandbox *sb);
void plugin_free(struct sandbox *sb, struct plugin *plugin);

/* pool.c */
struct pool *pool_of(struct sandbox *sb, struct plugin *plugin, const struct attempt_spec *spec);
/* Gives spares to those who wait, and asks for as many more as are wanted. */
void pool_pump(struct sandbox *sb, struct pool *pool);
void pools_pump_domain(struct sandbox *sb, struct domain *domain);
/* A process could not be had. Tells those who wait when it happens again and again. */
void pool_failed(struct sandbox *sb, struct pool *pool, const char *why);
void pool_drop_waiting(struct sandbox *sb, struct pool *pool, const char *why);
void pools_turn(struct sandbox *sb);
void pool_free(struct sandbox *sb, struct pool *pool);

/* zygote.c */
struct domain *domain_of(struct sandbox *sb, struct plugin *plugin, const struct attempt_spec *spec,
                         bool describes);
/* One that can fork now, or NULL; then one may have been started. */
struct zyg *domain_zygote(struct sandbox *sb, struct domain *domain);
void zygote_ready(struct sandbox *sb, uint64_t id, const void *info, size_t bytes);
void zygote_gone(struct sandbox *sb, uint64_t id, enum err_code code, const char *text);
/* No more forks. spoil_spares: an attempt crashed, and what it may have told of the address space
 * layout must be worth nothing. */
void zygote_retire(struct sandbox *sb, struct zyg *z, bool spoil_spares);
void domain_retire(struct sandbox *sb, struct domain *domain);
void domains_turn(struct sandbox *sb);
void domain_free(struct sandbox *sb, struct domain *domain);

/* slot.c */
bool slot_make(struct sandbox *sb, struct pool *pool, struct slot **ret, struct err *e) must_check;
void slot_order(struct sandbox *sb, struct slot *slot, struct zyg *z);
/* Gives up on a slot that is not ready yet, and on the attempt that it is reserved for. */
void slot_abandon(struct sandbox *sb, struct slot *slot, enum outcome outcome, const char *why);
struct slot *slot_find(struct sandbox *sb, uint64_t id);
void slot_spawned(struct sandbox *sb, struct slot *slot, uint32_t layers, int pidfd);
void slot_spawn_failed(struct sandbox *sb, struct slot *slot, const char *why);
/* It reported its layers: a spare now. */
void slot_ready(struct sandbox *sb, struct slot *slot, uint32_t layers);
void slot_bind(struct sandbox *sb, struct slot *slot, struct attempt *a);
/* The first reason stands. */
void slot_kill(struct sandbox *sb, struct slot *slot, enum kill_reason reason);
/* init's word, where the kernel does not tell. */
void slot_exited(struct sandbox *sb, struct slot *slot, int wait_status);
void slot_released(struct sandbox *sb, struct slot *slot, uint64_t oom_kills, uint64_t peak);
void slots_turn(struct sandbox *sb, struct pool *pool);
void slot_free(struct sandbox *sb, struct slot *slot);
void slots_bury(struct sandbox *sb);

/* channel.c */
void channel_ready_fd(struct sandbox *sb, struct watch *w, uint32_t events);
void channel_drain(struct sandbox *sb, struct slot *slot);
/* Sends input as far as the socket takes it. */
void channel_send_input(struct sandbox *sb, struct slot *slot);
bool channel_send(struct slot *slot, enum attempt_message type);

/* stream.c */
void stream_ready_fd(struct sandbox *sb, struct watch *w, uint32_t events);
void stream_drain(struct sandbox *sb, struct slot *slot);
void stream_text(struct sandbox *sb, struct attempt *a, enum attempt_stream which, int32_t level,
                 const void *bytes, size_t len);

/* attempt.c */
bool attempt_check_spec(struct sandbox *sb, struct attempt_spec *spec, struct plugin **ret,
                        struct err *e) must_check;
struct attempt *attempt_find(struct sandbox *sb, uint64_t id);
/* The process is gone and everything it wrote was read. */
void attempt_ended(struct sandbox *sb, struct attempt *a, const struct observed *seen);
/* It never ran, or nobody knows how it ended. */
void attempt_gave_up(struct sandbox *sb, struct attempt *a, enum outcome outcome,
                     const char *reason);
/* The note reaches the caller as valid UTF-8. */
void attempt_progressed(struct sandbox *sb, struct attempt *a, const struct packet_part *part);
void attempt_begun(struct sandbox *sb, struct attempt *a);
void attempts_tell_begun(struct sandbox *sb);
void attempts_deliver(struct sandbox *sb);
void attempt_free(struct sandbox *sb, struct attempt *a);
/* False when input must not be given to a process with these layers. */
bool attempt_accepts(const struct attempt *a, uint32_t layers);

#endif
