/* env.h -- what the engine is given by whoever makes it: orchd (daemon/main.c), a simulator or a
 * unit test. The engine knows no host: everything outside of it is named here.
 *
 * Filled before engine_new and unchanged while the engine lives; every pointer is borrowed and
 * outlives it. Nothing here calls back into its caller: neither a callback of this struct nor a
 * call of its tables may call the engine before it has returned. Loop thread only. */
#ifndef ORCH_ENGINE_ENV_ENV_H
#define ORCH_ENGINE_ENV_ENV_H

#include "api/api.h"
#include "authority/client/client.h"
#include "base/err.h"
#include "bridge/client/client.h"
#include "lanes/lanes.h"
#include "lanes/load.h"
#include "observe/metrics.h"
#include "observe/task_times.h"
#include "sandbox/client/client.h"
#include "store/beside.h"
#include "store/hosts.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct agent;
struct agents;

/* base/clock.h in orchd; a simulator owns its time. Only the wall clock can go back. */
struct engine_clock {
    int64_t (*mono_ns)(void); /* timeouts, delays: it stands while the machine is suspended */
    int64_t (*wall_us)(void);
    int64_t (*boot_us)(void); /* goes on meanwhile */
};

/* The calls of sandbox/client/client.h that the engine makes, under its names and contracts. */
struct engine_sandbox {
    struct sandbox *sandbox;
    bool (*attempt_start)(struct sandbox *sandbox, const struct attempt_spec *spec,
                          uint64_t *ret_id, int *ret_secret_fd, struct err *e);
    void (*attempt_cancel)(struct sandbox *sandbox, uint64_t id);
    void (*attempt_kill)(struct sandbox *sandbox, uint64_t id);
    pid_t (*attempt_pid)(struct sandbox *sandbox, uint64_t id);
    bool (*plugin_add)(struct sandbox *sandbox, const struct sandbox_plugin *plugin, struct err *e);
    void (*plugin_remove)(struct sandbox *sandbox, const char *digest);
    void (*plugin_revoke)(struct sandbox *sandbox, const char *digest, const char *why);
};

/* The same of authority/client/client.h. */
struct engine_authority {
    struct authority_client *client;
    bool (*attached)(const struct authority_client *client);
    bool (*sign)(struct authority_client *client, const struct authority_sign_item *items,
                 unsigned count, struct authority_reply reply, struct err *e);
    bool (*verify_dag)(struct authority_client *client, const char *tenant, const void *envelope,
                       size_t len, struct authority_reply reply, struct err *e);
    bool (*verify_bundle)(struct authority_client *client, const char *tenant, const void *envelope,
                          size_t len, const char *archive_sha256, struct authority_reply reply,
                          struct err *e);
    bool (*secret_seal)(struct authority_client *client, const struct secret_name *name,
                        const void *box, size_t len, struct authority_reply reply, struct err *e);
    bool (*secret_unseal)(struct authority_client *client, const char *tenant,
                          const struct authority_secret_ref *refs, unsigned count, int *pipe_fd,
                          struct authority_reply reply, struct err *e);
};

/* What a node may ask for at most; 0: no ceiling beyond that of the definition's own fields. */
struct engine_ceilings {
    int64_t memory_bytes, cpu_ms, output_bytes, log_bytes;
};

struct engine_settings {
    const char *home; /* its folder plugins has the bundles */
    bool folder_wins; /* they may be other ones of the same version than the store's: development */
    uint32_t runs_active_max, runs_waiting_max;
    uint32_t attempts_max;        /* workers of the lane "default" */
    uint32_t workers_per_type;    /* of each lane of the contract's; as many express ones */
    uint32_t places_max;          /* in the sandbox at a time, of all lanes */
    uint32_t tenant_attempts_max; /* of these, of one tenant */
    bool finish_first;            /* what has begun before what has not (lanes/admission.h) */
    struct lane_ageing ageing;
    struct load shed_marks;       /* beyond which nothing new is let in */
    bool backends[LANE_BACKENDS]; /* that the host was told of */
    int64_t backend_grace_ns;     /* one that is away for less is nobody's business */
    const char *tenant;           /* of lanes' entries that name none */
    const json_t *lanes;          /* as the host's file has them (lanes/file.h); NULL: none */
    int64_t cancel_grace_ns;      /* between "please stop" and the kill */
    int64_t head_interval_ns;     /* between an event and the head over it; 0: only when asked */
    int64_t schedule_grace_us;    /* a due time that is reached later is missed */
    int64_t firings_keep_us;      /* what became of older ones is forgotten */
    int min_level;                /* of the sandbox's layers */
    const char *warm_tenants; /* "acme, test-*": whose nodes may share a loaded plugin; "": none */
    struct engine_ceilings ceilings;
};

struct engine_env {
    struct store *store;
    struct store_reader *reader;
    struct beside *beside; /* freed before the engine */
    struct metrics *metrics;
    struct task_times *task_times;
    struct engine_clock clock;
    struct engine_sandbox sandbox;
    struct engine_authority authority;
    struct bridge_client *bridge; /* NULL: none */
    struct engine_settings set;
    const char *builder_id; /* names the host's signing key in statements; "" until it is known */
    void (*random)(void *bytes, size_t len);

    struct agents *agents;
    /* Each of one library, by its digest, whatever else has the agent's name; NULL: of the one that
     * serves.
     *
     * NULL when no loaded plugin has it for the tenant. Valid until the next callback of the
     * sandbox. */
    const struct agent *(*agent_find)(const struct agents *agents, const char *tenant,
                                      const char *agent_id, const char *digest);
    /* True with why when it was there and was taken away from the tenant. */
    bool (*agent_withdrawn)(const struct agents *agents, const char *tenant, const char *agent_id,
                            const char *digest, struct err *ret);

    /* True with why when it is not there and should be: the node is held. */
    bool (*agent_awaited)(const struct agents *agents, const char *tenant, const char *agent_id,
                          const char *digest, struct err *ret);

    void *arg; /* of the four below */
    /* Committed events, in order of seq, each once. */
    void (*publish)(void *arg, const struct api_event *events, size_t count);
    /* An entry of the ledger that is nobody's event was committed (audit.h). */
    void (*audited)(void *arg, const struct store_done *entry);
    /* The run is this host's from here on, or no longer. NULL: nobody asks. */
    void (*run_here)(void *arg, const char *run_id, bool here);
    /* The host must end; only the first reason counts. */
    void (*fatal)(void *arg, const struct err *why);
};

/* What the engine was told to do or not to do any more; set by engine.h's calls alone. */
struct engine_mode {
    bool accepting; /* admits new runs */
    bool draining;  /* the host is told to end */
    bool adrift;    /* what it has may be another host's by now: nothing is begun (store/hosts.h) */
    bool failed;    /* the host must end: no run is built anew */
    bool stopping;  /* the loop has ended: nothing is started any more */
};

#endif
