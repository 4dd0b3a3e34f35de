/* client.h -- the host's side of the sandbox: it starts the supervisor, keeps confined spare
 * attempts ready, runs attempts and tells how each ended.
 *
 * Single-threaded: every call and every callback is on the thread that calls sandbox_turn. The
 * object owns the supervisor process, its sockets and every attempt's host ends; nothing blocks
 * but sandbox_start, sandbox_await and sandbox_free. When the object is freed, or this process
 * dies, everything below it is gone within a second.
 *
 * What always holds: on_attempt_done comes exactly once for each id that sandbox_attempt_start
 * gave, whatever dies; input is written only to a process that reported layers which meet the
 * policy; the exit status is the kernel's (or init's), never the plugin's.
 *
 * Callbacks run at the end of sandbox_turn (those of attempts that began between two turns at its
 * beginning), in the order in which things happened; what began or is done comes after what was
 * said. Never inside another call of this header. They may call everything here except sandbox_turn
 * and sandbox_free. */
#ifndef ORCH_SANDBOX_CLIENT_CLIENT_H
#define ORCH_SANDBOX_CLIENT_CLIENT_H

#include "base/err.h"
#include "base/hash.h"
#include "base/limits.h"
#include "model/words/confinement.h"
#include "sandbox/image/plugin_words.h"
#include "sandbox/wire/layer.h"
#include "sandbox/wire/outcome.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct json_read;
struct sandbox;

struct sandbox_options {
    const char *supervisor_path; /* orch-supervisor */
    const char *worker_path;     /* orch-worker */
    const char *authority_path;  /* orch-authority; NULL: none is started */
    const char *bridge_path;     /* orch-bridge; NULL: none is started */
    const char *home;            /* ORCH_HOME, handed to the authority; NULL without one */
    bool authority_create_root;  /* development: it may make a root key where there is none */
    uint32_t spares_max;         /* over all keys; 0: 64 */
    uint32_t spares_min;         /* kept ready of each key that was used lately; 0: 2 */
    uint32_t zygotes_max;        /* over all keys; 0: 64 */
    uint32_t attempts_max;       /* running and waiting; 0: 4096 */
    uint32_t load_ms;            /* for a process to load its plugin; 0: 10000 */
    const char *without;         /* tests: layers switched off, "landlock,memory_cgroup" */
    const char *faults;          /* tests: see supervisor --fault; NULL: none */
};

/* ---- plugins ---- */

struct sandbox_plugin {
    const char *digest;       /* SHA-256 of the bytes, lower-case hex; checked against so_fd */
    int so_fd;                /* sealed memfd of the .so; duplicated */
    const char *id;           /* of the signed manifest; NULL: not compared */
    const char *version;      /* of the signed manifest; NULL: not compared */
    enum isolation isolation; /* the least that its attempts get; UNSET: as each asks */
    bool warm_granted;        /* the publisher's grant: its attempts may share a loaded plugin */
};

/* ---- attempts ---- */

struct attempt_limits {
    uint64_t memory_bytes; /* 0: 256 MiB */
    uint64_t cpu_ms;       /* 0: 10 minutes */
    uint64_t output_bytes; /* 0: NODE_OUTPUT_BYTES_MAX */
    uint64_t log_bytes;    /* of the log and of each of stdout and stderr; 0: 256 KiB */
    uint32_t threads_max;  /* besides the first; 0: none */
};

/* All pointers are borrowed for the call. Text arguments may be NULL where "" makes sense. */
struct attempt_spec {
    const char *digest;   /* of an added plugin */
    const char *agent_id; /* of an agent in it */
    const char *tenant;
    enum profile profile;     /* UNSET: PURE */
    enum isolation isolation; /* UNSET: COLD. WARM: only if the tenant's policy allows it; without
                                 the plugin's grant, or with secrets, it is COLD all the same */
    struct attempt_limits limits;
    int min_level;            /* 0: LAYER_LEVEL_DEFAULT; higher of this and required_layers holds */
    uint32_t required_layers; /* LAYER_* bits that must be enforced; 0: as min_level says */
    int64_t deadline_ns;      /* monotonic, wall time; 0: none. Past it the attempt is killed */
    const char *run_id;
    const char *node_id;
    uint32_t attempt; /* from 1 */
    const char *idempotency_key;
    uint64_t logical_time_us;
    uint8_t seed[32];
    const char *config_json; /* NULL: {} */
    size_t config_bytes;
    const char *input_json; /* NULL: {} */
    size_t input_bytes;
    const char *title; /* of its process from its input on, for ps; NULL: that of all */
    bool has_secrets;  /* then ret_secret_fd gets the write end of the secrets pipe */
};

struct attempt_result {
    enum outcome outcome;
    int32_t status;            /* ORCH_*; meaningful for ok, plugin-*, bad-input, cancelled */
    const char *error_class;   /* "" when ok; e.g. "RuntimeError", "TimeoutError", "Crash" */
    const char *error_message; /* "" when ok; valid UTF-8 */
    const char *output;        /* JSON text as emitted; NULL unless ok */
    size_t output_bytes;
    json_t *output_json;           /* the same, parsed; borrowed; NULL unless ok */
    struct json_read *output_read; /* with its two texts, which may be taken; NULL unless ok */
    int exit_code;                 /* -1: unknown or signalled */
    int signal;                    /* 0: none */
    enum isolation isolation;      /* that it had; UNSET: it never began */
    bool plugins_words;   /* error_class and error_message are the attempt's own: forgeable */
    uint32_t layers;      /* outer: seen from outside, or said before any guest instruction */
    uint32_t layers_said; /* inner: the attempt's own word once its plugin was loaded */
    int level;            /* of layers */
    int64_t wall_ns;      /* from input handed over to exit seen; 0 when one of them never was */
    int64_t cpu_ns;       /* the attempt's own word; 0 when it did not end by itself */
    uint64_t memory_peak; /* bytes, 0 where no cgroup counts it */
    uint64_t log_dropped; /* bytes over the caps, by stream, or withheld with secrets */
    uint64_t stdout_dropped;
    uint64_t stderr_dropped;
};

/* What is known of a process when it is given its input. */
struct attempt_start {
    uint32_t layers;      /* outer, as in struct attempt_result */
    uint32_t layers_said; /* inner */
    int level;            /* of layers */
    enum isolation isolation;
};

enum attempt_stream { STREAM_LOG, STREAM_STDOUT, STREAM_STDERR };

/* Any may be NULL. id 0 is never an attempt. */
struct sandbox_events {
    /* id and version are those of struct sandbox_plugin, where given; other words are unchecked. */
    void (*on_plugin_ready)(void *arg, const struct sandbox_plugin_info *info);
    /* For good: the plugin is removed. */
    void (*on_plugin_failed)(void *arg, const char *digest, const struct err *why);
    /* Its processes failed three times in a row before an attempt used them, by its own doing. What
     * is there of it ends as by sandbox_plugin_revoke. It may be added again. */
    void (*on_plugin_quarantined)(void *arg, const char *digest, const struct err *why);
    /* A fresh authority process; the callee owns fd. */
    void (*on_authority)(void *arg, int fd);
    void (*on_bridge)(void *arg, int fd); /* the same of the bridge */
    /* Every attempt already had its on_attempt_done (infra). Nothing can be started any more. */
    void (*on_supervisor_gone)(void *arg);
    /* One entry (stream.h). level: ORCH_LOG_*; of stdout and stderr INFO, but for the marks of what
     * is missing. Valid UTF-8 without NUL, not NUL-terminated. */
    void (*on_attempt_log)(void *arg, uint64_t id, enum attempt_stream stream, int32_t level,
                           const char *text, size_t len);
    void (*on_attempt_progress)(void *arg, uint64_t id, uint64_t done, uint64_t total,
                                const char *note, size_t len);
    void (*on_attempt_heartbeat)(void *arg, uint64_t id);
    /* Input was handed to a confined process just now. */
    void (*on_attempt_started)(void *arg, uint64_t id, const struct attempt_start *start);
    void (*on_attempt_done)(void *arg, uint64_t id, const struct attempt_result *result);
};

/* Starts the supervisor. To be called before this process opens sockets, databases or threads.
 * Until sandbox_await was true nothing of it may be used; it may be freed. Never NULL when it
 * returns true. */
bool sandbox_begin(const struct sandbox_options *options, const struct sandbox_events *events,
                   void *arg, struct sandbox **ret, struct err *e) must_check;
/* Waits for its report (at most 10 s from here). */
bool sandbox_await(struct sandbox *sb, struct err *e) must_check;
/* Both. */
bool sandbox_start(const struct sandbox_options *options, const struct sandbox_events *events,
                   void *arg, struct sandbox **ret, struct err *e) must_check;
/* Accepts NULL. Kills what runs without callbacks and waits for the supervisor to end. */
void sandbox_free(struct sandbox *sb);
DEFINE_AUTO(sandbox)

/* Readable (epoll, poll) when sandbox_turn has something to do. */
int sandbox_poll_fd(const struct sandbox *sb);
/* Does everything that is due and makes the callbacks. now_ns: clock_mono_ns(). */
void sandbox_turn(struct sandbox *sb, int64_t now_ns);
/* The monotonic time at which sandbox_turn is wanted next without a readable fd; INT64_MAX: none.
 */
int64_t sandbox_next_timer(const struct sandbox *sb);
/* Waits up to ns without sleeping until there is something to do; true when there is. Worth it
 * only while a single attempt runs and a wake-up would dominate: returns false at once when the
 * machine has other work or nothing runs. */
bool sandbox_spin(struct sandbox *sb, int64_t ns);

/* What this host can enforce; valid as long as sb. */
const struct layer_report *sandbox_layers(const struct sandbox *sb);

/* Checks seals and digest, then loads the plugin once in a confined process; on_plugin_ready or
 * on_plugin_failed follows. Attempts may be started at once; they wait. Adding a digest again is
 * ERR_CONFLICT. */
bool sandbox_plugin_add(struct sandbox *sb, const struct sandbox_plugin *plugin,
                        struct err *e) must_check;
/* Attempts that run go on; those that wait end as infra, the spares end. */
void sandbox_plugin_remove(struct sandbox *sb, const char *digest);
/* At once: its spares, the attempts that wait and those that run end, each as OUTCOME_REVOKED with
 * why as its message; also those that run of a plugin that was removed before. The plugin is
 * removed; a digest that is not there is ignored. */
void sandbox_plugin_revoke(struct sandbox *sb, const char *digest, const char *why);

/* Asks for count spares of the key in spec (digest, profile, isolation, tenant, limits,
 * has_secrets) ahead of need. The rest of spec is not read. */
bool sandbox_warm(struct sandbox *sb, const struct attempt_spec *spec, uint32_t count,
                  struct err *e) must_check;

/* Never runs a callback itself. Refuses (nothing was started): ERR_NOT_FOUND no such plugin;
 * ERR_UNSUPPORTED profile or isolation that this build has not; ERR_DENIED the host's layers are
 * below the policy; ERR_LIMIT attempts_max; ERR_TOO_LARGE input; ERR_UNAVAILABLE supervisor gone.
 * With has_secrets *ret_secret_fd is the write end of a pipe, owned by the caller, who writes
 * {u32 name bytes, name, u32 value bytes, value}* and closes it; otherwise it may be NULL. */
bool sandbox_attempt_start(struct sandbox *sb, const struct attempt_spec *spec, uint64_t *ret_id,
                           int *ret_secret_fd, struct err *e) must_check;
/* Cooperative: should_stop() tells it. An attempt that waits ends at once as cancelled. Unknown
 * ids are ignored: it may have ended this turn. */
void sandbox_attempt_cancel(struct sandbox *sb, uint64_t id);
/* SIGKILL; the outcome is cancelled. */
void sandbox_attempt_kill(struct sandbox *sb, uint64_t id);

/* Its process, as this process's namespace sees it, once it has its input; 0: there is none. */
pid_t sandbox_attempt_pid(struct sandbox *sb, uint64_t id);

/* A sign of life of the supervisor. Called once a second by who wants to know, more
 * seldom while it answers and there is nothing to do, or never: for how
 * many calls it has been silent. */
uint32_t sandbox_beat(struct sandbox *sb);
bool sandbox_beat_waits(const struct sandbox *sb); /* the last one has no answer yet */
/* It hangs: it is killed, on_supervisor_gone follows. */
void sandbox_kill_supervisor(struct sandbox *sb);
/* The authority hangs: the supervisor ends it and starts another. */
void sandbox_kill_authority(struct sandbox *sb);
void sandbox_kill_bridge(struct sandbox *sb); /* the same of the bridge */

struct sandbox_counts {
    uint32_t attempts_waiting, attempts_running, spares_ready, spares_starting, zygotes;
    uint64_t attempts_done, zygotes_started, zygotes_lost, spares_spoiled;
    uint64_t done_by_outcome[OUTCOME_COUNT];
};
struct sandbox_counts sandbox_counts(const struct sandbox *sb);

#endif
