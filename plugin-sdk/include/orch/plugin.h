/* orch/plugin.h -- the plugin ABI, major 1. One header, C11 and C++11, needs nothing else of ours.
 *
 * A plugin is a shared object with exactly one exported symbol, the constant orch_plugin_v1, and
 * one ELF note that repeats its identity, so that a host can list and refuse it without running it.
 * A plugin holds one or more agents; each attempt to run one is a process of its own, which ends
 * with _exit when run() returns. There is no destroy and no unload.
 *
 * What always holds
 *  - Each table begins with its size. A reader uses a field only when the writer's size covers it
 *    (ORCH_HAS). Fields are appended, never moved, reused, shrunk or given a new meaning.
 *  - Host tables are filled by the host: a plugin never allocates, copies, embeds or arrays one.
 *    No function pointer of a host table that is covered by its size is NULL; what a host cannot do
 *    returns ORCH_E_UNSUPPORTED.
 *  - Bytes cross as views {pointer, length} without a final NUL, borrowed until the call returns;
 *    const char * is NUL-terminated UTF-8. What one side allocated the other never frees.
 *  - No errno, no longjmp, no exception and no unwinding crosses the line.
 *  - Extension ids are "vendor.name/revision", final from their first publication.
 *
 * Tags say when a function may be called:
 *  [load]  inside prepare(): no input, no run; same result every time
 *  [run]   by the thread that entered run(), until run() returns
 *  [any]   by any thread of the attempt, until run() returns
 *  [data]  not a call: read by the host at any time
 *
 * docs/ABI.md is the policy of change; tests compare this file's layout with plugin-sdk/abi. */
#ifndef ORCH_PLUGIN_H
#define ORCH_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ORCH_ABI_MAJOR 1u /* part of the symbol's name */
#define ORCH_ABI_MINOR 0u /* grows when something is appended */

#define ORCH_EXPORT __attribute__((visibility("default")))

/* ---- values ---- */

/* How an attempt ended. The class decides whether a retry may help; the text goes to set_error. */
typedef int32_t orch_status;
#define ORCH_OK 0
#define ORCH_E_TRANSIENT (-1)   /* another attempt may succeed */
#define ORCH_E_FATAL (-2)       /* no attempt will succeed */
#define ORCH_E_INPUT (-3)       /* the input or the config is wrong */
#define ORCH_E_UNSUPPORTED (-4) /* this host or plugin cannot do it */
#define ORCH_E_CANCELLED (-5)   /* stopped because should_stop said so */
#define ORCH_E_INTERNAL (-6)    /* a defect of the plugin itself */

#define ORCH_LOG_DEBUG 0
#define ORCH_LOG_INFO 1
#define ORCH_LOG_WARN 2
#define ORCH_LOG_ERROR 3

/* A view. This type never grows. ptr may be NULL when len is 0. */
typedef struct orch_bytes {
    const void *ptr;
    uint64_t len;
} orch_bytes;

/* One attempt, as the host sees it. Opaque. */
typedef struct orch_run orch_run;

/* ---- host to plugin ---- */

typedef struct orch_host {
    uint32_t size;
    uint32_t abi_minor;
    /* Low 32 bits: unknown ones may be ignored. High 32: a plugin that does not know a set bit must
     * refuse in prepare(). None is defined yet. */
    uint64_t features;
    /* [load][any] A table that begins with its size, or NULL when the host has no such extension.
     */
    const void *(*ext)(const struct orch_host *host, const char *id);
    /* [run] 16-byte aligned, zeroed, freed by the host at the end; NULL when the limit is met. */
    void *(*alloc)(orch_run *run, uint64_t bytes);
    /* [run] Copies value before it returns. The port ORCH_PORT_RESULT takes the output, one JSON
     * value, once; other ports are ORCH_E_UNSUPPORTED in this minor. ORCH_E_INPUT: the value is
     * over the output limit or the port was used before. */
    orch_status (*emit)(orch_run *run, const char *port, orch_bytes value);
    /* [run] error_class is a short name that retry policies match ("RuntimeError"); the host cuts
     * the message at its limit. The last call counts, and only when run() returns non-zero. */
    orch_status (*set_error)(orch_run *run, const char *error_class, orch_bytes message);
    /* [any] One entry of the run's log; one over 16 KiB becomes several. What is over the node's
     * budget is counted and dropped, and the log says so in its place. Does not wait for a host
     * that does not read, but for a tenth of a second when it begins not to. */
    void (*log)(orch_run *run, int32_t level, orch_bytes utf8);
    /* [any] total 0 means unknown. The host may keep only the latest. Never blocks. */
    void (*progress)(orch_run *run, uint64_t done, uint64_t total, orch_bytes note);
    /* [any] Says "alive" where there is no progress to tell. */
    void (*heartbeat)(orch_run *run);
    /* [any] Non-zero when the attempt was cancelled or its deadline passed: clean up and return
     * ORCH_E_CANCELLED. Cheap enough for an inner loop. */
    int32_t (*should_stop)(const orch_run *run);
} orch_host;

#define ORCH_PORT_RESULT "result"

/* What one attempt is given. All views live until run() returns. */
typedef struct orch_ctx {
    uint32_t size;
    uint32_t attempt; /* 1, 2, ...; goes on counting when a run is resumed */
    orch_bytes agent; /* the agent's id */
    orch_bytes run_id;
    orch_bytes node;            /* the node's id in its DAG */
    orch_bytes idempotency_key; /* the same for every attempt of one node in one run */
    orch_bytes config;          /* the node's config: a JSON object, "{}" when it has none */
    /* n_inputs is at least 1; inputs[0] is named "input" and is the node's input, a JSON object. */
    const orch_bytes *inputs;
    const char *const *input_names;
    uint64_t n_inputs;
    uint64_t deadline_ns;     /* CLOCK_MONOTONIC; 0 means none */
    uint64_t logical_time_us; /* since 1970; the run's own time, equal in every replay */
    uint8_t seed[32];         /* equal in every replay of this attempt; not a secret */
} orch_ctx;

/* orch.secret/1: the values behind the node's secret_refs. They are already in the process; the
 * host redacts them from whatever the attempt emits, logs or reports. */
#define ORCH_EXT_SECRET "orch.secret/1"
typedef struct orch_secret_v1 {
    uint32_t size;
    uint32_t reserved;
    /* [run] ORCH_E_INPUT when the node names no such secret. */
    orch_status (*get)(orch_run *run, const char *name, orch_bytes *ret);
} orch_secret_v1;

/* ---- plugin to host ---- */

/* Flags, here and in orch_plugin: low 16 bits may be ignored by a host that does not know them;
 * with an unknown bit of the high 16 it refuses the plugin. */
#define ORCH_AGENT_PURE 0x1u       /* same input, config and seed give the same output */
#define ORCH_AGENT_IDEMPOTENT 0x2u /* running it twice does no more than running it once */

/* One agent. Strings are static; run is required, of the strings only id. */
typedef struct orch_agent {
    uint32_t size;
    uint32_t flags;
    const char *id; /* [a-z0-9][a-z0-9._-]*, at most 127 bytes, "plugin.verb" by custom */
    const char *version;
    const char *summary; /* one line for people */
    const char *profile; /* wanted sandbox: "pure", "files" or "net"; NULL means "pure" */
    /* What follows is for people and their tools: this host compares no input or output with a
     * schema, and takes policies from the definition alone. */
    const char *input_schema;  /* JSON Schema text; NULL accepts every object */
    const char *output_schema; /* JSON Schema text; NULL promises nothing */
    const char *policies;      /* JSON: {"retry_policy": .., "timeout_policy": ..}; NULL: none */
    /* [run] entered once in the life of a process. */
    orch_status (*run)(const orch_host *host, orch_run *run, const orch_ctx *ctx);
} orch_agent;

typedef struct orch_plugin {
    uint32_t size;
    uint32_t abi_major;
    uint32_t abi_minor;      /* of the header that it was built with */
    uint32_t min_host_minor; /* an older host refuses it */
    uint32_t flags;
    uint32_t n_agents;
    const char *id;      /* id and version equal the signed manifest's */
    const char *version; /* semantic version */
    const orch_agent *const *agents;
    /* [load] Once per attempt, before any input: fill tables, build automata. No thread, no file,
     * no socket; nothing of it is there in the next attempt. May be NULL. Anything but ORCH_OK
     * makes the plugin unloadable. */
    orch_status (*prepare)(const orch_host *host);
    /* [any] The plugin's own extensions, or NULL. The member may be NULL. */
    const void *(*ext)(const char *id);
} orch_plugin;

/* The only exported symbol. */
extern ORCH_EXPORT const orch_plugin orch_plugin_v1;

/* ---- ELF note: section .note.orch, owner "orch", type ORCH_NOTE_PLUGIN ---- */

#define ORCH_NOTE_OWNER "orch"
#define ORCH_NOTE_PLUGIN 1u
#define ORCH_ID_BYTES 128u     /* with the NUL */
#define ORCH_VERSION_BYTES 64u /* with the NUL */

typedef struct orch_note {
    uint32_t owner_bytes; /* 5: "orch" with its NUL */
    uint32_t desc_bytes;  /* of all that follows owner */
    uint32_t type;
    char owner[8];
    uint32_t abi_major;
    uint32_t abi_minor;
    uint32_t min_host_minor;
    uint32_t flags;
    char id[ORCH_ID_BYTES];
    char version[ORCH_VERSION_BYTES];
} orch_note;

#define ORCH_NOTE_DESC_BYTES (16u + ORCH_ID_BYTES + ORCH_VERSION_BYTES)

/* ---- for authors ---- */

/* True when the table behind pointer s is long enough to hold field f. */
#define ORCH_HAS(s, f) (offsetof(__typeof__(*(s)), f) + sizeof((s)->f) <= (s)->size)

#ifdef __cplusplus
#define ORCH_STATIC_ASSERT(cond, text) static_assert(cond, text)
#else
#define ORCH_STATIC_ASSERT(cond, text) _Static_assert(cond, text)
#endif

/* ORCH_PLUGIN("id", "version", prepare_or_NULL, &agent, ...); once in a plugin, at file scope,
 * after the agents: the symbol and the note. */
/* clang-format off */
#define ORCH_PLUGIN(id_text, version_text, prepare_fn, ...)                                        \
    ORCH_STATIC_ASSERT(sizeof(id_text) <= ORCH_ID_BYTES, "the plugin's id is too long");           \
    ORCH_STATIC_ASSERT(sizeof(version_text) <= ORCH_VERSION_BYTES, "its version is too long");     \
    __attribute__((used, section(".note.orch"), aligned(4)))                                       \
    static const orch_note orch_plugin_note = {                                                    \
        sizeof ORCH_NOTE_OWNER, ORCH_NOTE_DESC_BYTES, ORCH_NOTE_PLUGIN, ORCH_NOTE_OWNER,           \
        ORCH_ABI_MAJOR, ORCH_ABI_MINOR, ORCH_MIN_HOST_MINOR, 0, id_text, version_text};            \
    static const orch_agent *const orch_plugin_agents[] = {__VA_ARGS__};                           \
    const orch_plugin orch_plugin_v1 = {                                                           \
        sizeof(orch_plugin), ORCH_ABI_MAJOR, ORCH_ABI_MINOR, ORCH_MIN_HOST_MINOR, 0,               \
        (uint32_t)(sizeof orch_plugin_agents / sizeof orch_plugin_agents[0]),                      \
        id_text, version_text, orch_plugin_agents, prepare_fn, NULL}
/* clang-format on */

/* The oldest host that a plugin accepts; define it before the include to ask for a newer one. */
#ifndef ORCH_MIN_HOST_MINOR
#define ORCH_MIN_HOST_MINOR 0u
#endif

/* ---- the layout, frozen ---- */

#define ORCH_AT(type, field, at)                                                                   \
    ORCH_STATIC_ASSERT(offsetof(type, field) == (at), #type "." #field " moved")
#define ORCH_SIZE(type, bytes) ORCH_STATIC_ASSERT(sizeof(type) == (bytes), #type " changed size")

ORCH_SIZE(void *, 8);

ORCH_AT(orch_bytes, ptr, 0);
ORCH_AT(orch_bytes, len, 8);
ORCH_SIZE(orch_bytes, 16);

ORCH_AT(orch_host, size, 0);
ORCH_AT(orch_host, abi_minor, 4);
ORCH_AT(orch_host, features, 8);
ORCH_AT(orch_host, ext, 16);
ORCH_AT(orch_host, alloc, 24);
ORCH_AT(orch_host, emit, 32);
ORCH_AT(orch_host, set_error, 40);
ORCH_AT(orch_host, log, 48);
ORCH_AT(orch_host, progress, 56);
ORCH_AT(orch_host, heartbeat, 64);
ORCH_AT(orch_host, should_stop, 72);
ORCH_SIZE(orch_host, 80);

ORCH_AT(orch_ctx, size, 0);
ORCH_AT(orch_ctx, attempt, 4);
ORCH_AT(orch_ctx, agent, 8);
ORCH_AT(orch_ctx, run_id, 24);
ORCH_AT(orch_ctx, node, 40);
ORCH_AT(orch_ctx, idempotency_key, 56);
ORCH_AT(orch_ctx, config, 72);
ORCH_AT(orch_ctx, inputs, 88);
ORCH_AT(orch_ctx, input_names, 96);
ORCH_AT(orch_ctx, n_inputs, 104);
ORCH_AT(orch_ctx, deadline_ns, 112);
ORCH_AT(orch_ctx, logical_time_us, 120);
ORCH_AT(orch_ctx, seed, 128);
ORCH_SIZE(orch_ctx, 160);

ORCH_AT(orch_secret_v1, size, 0);
ORCH_AT(orch_secret_v1, reserved, 4);
ORCH_AT(orch_secret_v1, get, 8);
ORCH_SIZE(orch_secret_v1, 16);

ORCH_AT(orch_agent, size, 0);
ORCH_AT(orch_agent, flags, 4);
ORCH_AT(orch_agent, id, 8);
ORCH_AT(orch_agent, version, 16);
ORCH_AT(orch_agent, summary, 24);
ORCH_AT(orch_agent, profile, 32);
ORCH_AT(orch_agent, input_schema, 40);
ORCH_AT(orch_agent, output_schema, 48);
ORCH_AT(orch_agent, policies, 56);
ORCH_AT(orch_agent, run, 64);
ORCH_SIZE(orch_agent, 72);

ORCH_AT(orch_plugin, size, 0);
ORCH_AT(orch_plugin, abi_major, 4);
ORCH_AT(orch_plugin, abi_minor, 8);
ORCH_AT(orch_plugin, min_host_minor, 12);
ORCH_AT(orch_plugin, flags, 16);
ORCH_AT(orch_plugin, n_agents, 20);
ORCH_AT(orch_plugin, id, 24);
ORCH_AT(orch_plugin, version, 32);
ORCH_AT(orch_plugin, agents, 40);
ORCH_AT(orch_plugin, prepare, 48);
ORCH_AT(orch_plugin, ext, 56);
ORCH_SIZE(orch_plugin, 64);

ORCH_AT(orch_note, owner_bytes, 0);
ORCH_AT(orch_note, desc_bytes, 4);
ORCH_AT(orch_note, type, 8);
ORCH_AT(orch_note, owner, 12);
ORCH_AT(orch_note, abi_major, 20);
ORCH_AT(orch_note, abi_minor, 24);
ORCH_AT(orch_note, min_host_minor, 28);
ORCH_AT(orch_note, flags, 32);
ORCH_AT(orch_note, id, 36);
ORCH_AT(orch_note, version, 164);
ORCH_SIZE(orch_note, 228);

#undef ORCH_AT
#undef ORCH_SIZE

#ifdef __cplusplus
}
#endif

#endif
