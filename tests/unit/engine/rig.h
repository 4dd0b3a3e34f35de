/* rig.h -- an engine with a real SQLite store in a folder of its own and everything else faked: a
 * sandbox that only remembers, an authority that answers when it is told to, clocks that stand
 * still. For the unit tests of the engine and for the simulator (tests/sim).
 *
 * One rig at a time: the clocks and the random numbers are the program's. What must not go wrong
 * in the rig itself ends the program with a message. */
#ifndef ORCH_TESTS_ENGINE_RIG_H
#define ORCH_TESTS_ENGINE_RIG_H

#include "base/json_thread.h"
#include "base/rng.h"
#include "base/uuid.h"
#include "engine/catalog/agents.h"
#include "engine/control/control.h"
#include "engine/engine.h"
#include "engine/env/env.h"
#include "store/beside.h"
#include "store/store.h"
#include "store/testing.h"

#define RIG_TENANT "acme"
#define RIG_BUILDER "orch:host/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define RIG_MS 1000000LL
#define RIG_S 1000000000LL

/* ---- the fakes; the engine only hands them back ---- */

/* What attempt_start was asked for, copied. */
struct rig_attempt {
    uint64_t id;
    bool open, cancelled, killed;
    char run_id[UUID_TEXT_BYTES];
    struct sha256_hex digest;
    char *node_id, *agent_id, *tenant, *input, *config, *key;
    uint32_t attempt;
    uint64_t logical_time_us;
    int64_t deadline_ns;
    int min_level;
    enum profile profile;
    enum isolation isolation;
    struct attempt_limits limits;
    uint8_t seed[32];
    int secret_fd; /* the read end; -1: none was asked for */
};

struct rig_plugin {
    struct sha256_hex digest;
    bool warm;
};

struct sandbox {
    struct rig_attempt *attempts; /* every one since rig_forget, in order */
    size_t count, cap;
    uint64_t next_id;
    bool full;            /* attempt_start: ERR_LIMIT */
    enum err_code refuse; /* attempt_start: this; ERR_NONE: not */
    unsigned plugins;     /* plugin_add's */
    bool refuse_plugins;
    enum isolation isolation;     /* of the attempts that begin; UNSET: COLD */
    struct rig_plugin loaded[64]; /* digest "": free */
    unsigned revoked;             /* plugin_revoke's of what was there */
    char revoked_why[256];        /* the last one's */
    void (*on_start)(void *arg, const struct attempt_spec *spec, uint64_t id);
    void (*on_stop)(void *arg, uint64_t id, bool kill);
    void *arg;
};

enum rig_request_kind { RIG_SIGN, RIG_DAG, RIG_BUNDLE, RIG_SEAL, RIG_UNSEAL };

struct rig_request {
    enum rig_request_kind kind;
    struct authority_reply reply;
    unsigned count;
    char *payloads[AUTHORITY_SIGN_MAX]; /* SIGN: what is signed; DAG, BUNDLE: the envelope's */
    const char *types[AUTHORITY_SIGN_MAX];
    char names[AUTHORITY_SIGN_MAX][64]; /* UNSEAL: the refs; SEAL: the name */
};

struct authority_client {
    bool attached;
    bool refuse;        /* every request: ERR_UNAVAILABLE */
    unsigned too_large; /* so many requests to sign: ERR_TOO_LARGE, for good */
    struct rig_request requests[256];
    size_t count;
    unsigned signed_count; /* envelopes given so far */
    const char *tenants;   /* of what is verified: a JSON array */
    const char *key;       /* that signed it */
    struct rig_grant {
        char label[64]; /* "id@version" of the manifest that has its own; "": free */
        const char *tenants, *key;
    } grants[8];
    bool warm;
};

struct rig_event {
    int64_t seq;
    char run_id[UUID_TEXT_BYTES];
    char type[24], status[24], step[64];
    int32_t attempt;
};

/* ---- the rig ---- */

struct rig_options {
    uint32_t runs_active_max, runs_waiting_max, attempts_max; /* 0: 100 */
    uint32_t places_max;                                      /* 0: 4096 */
    uint32_t tenant_attempts_max;                             /* 0: attempts_max */
    struct engine_ceilings ceilings;
    const char *warm_tenants;   /* NULL: none */
    uint32_t queue_batches_max; /* 0: the store's own */
    const char *host_id;        /* NULL: one that is made up */
    unsigned beside_threads;    /* 0: 2 */
    int64_t head_interval_ns;   /* 0: heads only when asked */
    const json_t *lanes;        /* of its file; NULL: none */
    bool finish_first;
    bool closed;  /* no runs are admitted */
    bool bridged; /* the host was told of Redis and NATS; rig.bridge has the client */
};

struct rig {
    struct rig_options options;
    char *folder, *path;
    struct store *store;
    struct store_reader *reader;
    struct beside *beside;
    struct metrics *metrics;
    struct task_times *task_times;
    struct bridge_client *bridge; /* NULL: none */
    struct engine_env env;
    struct engine *engine;
    struct sandbox sandbox;
    struct authority_client authority;
    struct rig_event *events; /* published since rig_forget */
    size_t event_count, event_cap;
    void (*on_event)(void *arg, const struct api_event *event);
    void *arg;
    const char *error; /* of attempts that do not end well; NULL: "it went wrong" */
    struct err fatal;  /* code set: the host would have ended */
    unsigned recovered;
};

/* All layers but one: level 3. The attempt itself says two of them. */
enum { RIG_LAYERS = ((1u << LAYER_COUNT) - 1) & ~(unsigned)LAYER_SCOPE, RIG_LEVEL = 3 };
#define RIG_LAYERS_SAID ((uint32_t)(LAYER_SECCOMP | LAYER_LANDLOCK))

extern int64_t rig_mono_ns, rig_wall_us, rig_boot_us;
extern bool rig_awaited_came; /* the agents whose ids begin with "awaited" */
/* The library that serves all agents has a digest of this letter alone; the one of rig_lacks is not
 * here, 0: all are. */
extern char rig_serves, rig_lacks;
extern struct rng rig_random;

/* Moves all clocks. */
void rig_pass(int64_t ns);
/* The machine was suspended: the monotonic clock stood. */
void rig_suspend(int64_t ns);

void rig_open(struct rig *rig, struct rig_options options);
void rig_close(struct rig *rig);

/* Commits, acts, takes what is done beside the loop and does what is due now until nothing is left
 * to do. */
void rig_settle(struct rig *rig);
/* Everything that was submitted is durable or refused, but the engine does not act on it yet. */
void rig_drain(struct rig *rig);
/* Everything that was given to be done beside the loop was, and is told. */
void rig_beside(struct rig *rig);
/* The host dies: what the store was given is in it, what the engine would have done is not done.
 * Then it starts again and recovers. The attempts of the old one are closed. */
void rig_crash(struct rig *rig);
/* Half of a crash, for those who look at the store in between. */
void rig_die(struct rig *rig);
void rig_start(struct rig *rig);
/* The same, not settled. */
void rig_boot(struct rig *rig);

/* From here on the store refuses every batch as one too many, until rig_take_again. */
void rig_refuse(struct rig *rig);
void rig_take_again(struct rig *rig);

void rig_forget(struct rig *rig); /* attempts and events so far */

/* ---- what an api call answered ---- */

struct rig_answer {
    unsigned told;
    enum err_code code;
    char msg[sizeof((struct err *)0)->msg];
    char refusal[32];
    char run_id[UUID_TEXT_BYTES];
    char version[32];
    bool created;
    int64_t count;
    size_t skipped, remaining, findings;
};
void rig_answered(void *arg, const struct api_outcome *outcome); /* arg: struct rig_answer */

extern const struct api_actor rig_actor;

/* Publishes the definition and settles; fails the program when it is refused. */
void rig_publish(struct rig *rig, const char *text);
/* Starts a run of the newest version; settles. */
struct rig_answer rig_run(struct rig *rig, const char *dag_id, const char *inputs);

/* ---- what attempts and the authority do ---- */

/* The newest open attempt of the node, of any run; NULL: none. */
struct rig_attempt *rig_open_attempt(struct rig *rig, const char *node_id);
size_t rig_open_count(const struct rig *rig);
/* Handed over, ended; settles. output: JSON text of an ok one. */
void rig_begin(struct rig *rig, struct rig_attempt *a);
void rig_end(struct rig *rig, struct rig_attempt *a, enum outcome outcome, const char *output);
/* The same as rig_end without settling. */
/* As the sandbox hands on a value: with its two texts. The caller owns it; value may be NULL. */
struct json_read rig_read_of(json_t *value);
void rig_tell_end(struct rig *rig, struct rig_attempt *a, enum outcome outcome, const char *output);
/* The node's open attempt ends ok. */
void rig_ok(struct rig *rig, const char *node_id);
void rig_fails(struct rig *rig, const char *node_id, enum outcome outcome);

/* Answers the oldest request, well or with the error; settles. */
void rig_authority_answers(struct rig *rig, enum err_code code);
/* The same without settling. */
void rig_authority_tells(struct rig *rig, enum err_code code);
/* The plugin left the sandbox by itself, as one does that does not load. */
void rig_plugin_gone(struct sandbox *sb, const char *digest);

/* ---- what the store holds ---- */

enum store_run_status rig_status(struct rig *rig, const char *run_id);
enum store_node_status rig_node_status(struct rig *rig, const char *run_id, const char *node_id);
size_t rig_statements(struct rig *rig, const char *run_id);

#endif
