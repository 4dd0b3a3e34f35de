/* super_wire.h -- the messages between host, supervisor and zygote: frames (ipc/frame.h) with
 * packed payloads (ipc/pack.h). Each receiver has a table of what its peer may send (below);
 * anything else ends the peer. frame.id is a zygote's or an attempt's number, given by the host.
 *
 *   host -> supervisor      ZYGOTE_START, ZYGOTE_STOP, ZYGOTE_KILL, SPAWN, KILL, RELEASE
 *   supervisor -> host      HELLO or START_FAILED, ZYGOTE_READY, ZYGOTE_GONE, SPAWNED,
 * SPAWN_FAILED, EXITED, OVER_MEMORY, RELEASED, AUTHORITY supervisor -> zygote    SETUP, FORK zygote
 * -> supervisor    CONFINED, LOADED, LOAD_FAILED, FORKED, FORK_FAILED
 */
#ifndef ORCH_SANDBOX_WIRE_SUPER_WIRE_H
#define ORCH_SANDBOX_WIRE_SUPER_WIRE_H

#include "ipc/frame.h"
#include "sandbox/profile/profile.h"
#include "sandbox/wire/layer.h"

#include <sys/types.h>

enum super_message {
    MSG_ZYGOTE_START = 1, /* u32 flags, digest; fd: sealed plugin (none with ZYGOTE_PROBE) */
    MSG_ZYGOTE_STOP,      /* no more forks; ends when its attempts have */
    MSG_ZYGOTE_KILL,      /* and all attempts of it */
    MSG_SPAWN,            /* struct spawn_request; fds: channel, stdout, stderr [, secrets] */
    MSG_KILL,
    MSG_RELEASE, /* u32 wants RELEASED; the attempt has ended */

    MSG_HELLO = 32,   /* struct layer_report; first message, once */
    MSG_ZYGOTE_READY, /* the LOADED payload, unread */
    MSG_ZYGOTE_GONE,  /* u32 err code, text */
    MSG_SPAWNED,      /* u32 outer layers; fd: pidfd */
    MSG_SPAWN_FAILED, /* text */
    MSG_EXITED,       /* u32 wait status: only without pidfd exit info */
    MSG_OVER_MEMORY,  /* killed by the resident-set poll */
    MSG_RELEASED,     /* u64 oom kills, u64 peak bytes */
    MSG_AUTHORITY,    /* fd: socket to a fresh authority */
    MSG_START_FAILED, /* text; instead of HELLO */

    MSG_SETUP = 64, /* struct zygote_setup; fds: filters [, plugin] */
    MSG_FORK,       /* struct fork_request; fds as SPAWN */

    MSG_CONFINED = 96, /* struct zygote_confined; once, before the plugin's first instruction */
    MSG_LOADED,        /* plugin info: u32 abi major, minor, id, version, u32 agents, agents */
    MSG_LOAD_FAILED,   /* text */
    MSG_FORKED,        /* u32 pid as the zygote sees it; fd: pidfd */
    MSG_FORK_FAILED,   /* u32 errno */
};

enum zygote_flags {
    ZYGOTE_COLD = 1u << 0,    /* the plugin is loaded in each attempt, never in the zygote */
    ZYGOTE_THREADS = 1u << 1, /* attempts may create threads */
    ZYGOTE_PROBE = 1u << 2,   /* confine, report, end: the supervisor's own */
};

enum {
    DIGEST_TEXT_BYTES = 65,
    AGENTS_MAX = 256,
    PLUGIN_INFO_BYTES_MAX = FRAME_PAYLOAD_BYTES_MAX,
    PLUGIN_SO_BYTES_MAX = 64 * 1024 * 1024,
};

struct spawn_request {
    uint64_t zygote;
    uint64_t memory_bytes;
    uint64_t cpu_ms;
    uint32_t threads_max;
    uint32_t has_secrets;
};

struct fork_request {
    uint64_t address_space_bytes;
    uint64_t cpu_ms;
    uint32_t has_secrets;
    uint32_t threads_max;
};

/* What a zygote is told before anything else. Fixed size: it travels as it is. */
struct zygote_setup {
    uint32_t flags;  /* ZYGOTE_* */
    uint32_t layers; /* LAYER_* that it shall enter; the others it leaves */
    uint32_t uid, gid;
    uint32_t init_reaps;      /* attempts become children of init, which reports how they end */
    uint32_t die_with_zygote; /* no pid namespace will end the attempts */
    char digest[DIGEST_TEXT_BYTES + 7];
};

struct zygote_confined {
    uint32_t layers; /* entered and looked at from inside */
    uint32_t landlock_abi;
    uint32_t landlock_errata;
    uint32_t zero;
    int32_t errnos[LAYER_COUNT];
};

/* The sealed memfd of the filters that the supervisor compiled once. */
struct filter_set {
    struct profile_bpf load, own;
};

/* Layers that a process can see for itself, and those that its supervisor vouches for. */
#define INNER_LAYERS                                                                               \
    ((uint32_t)(LAYER_SECCOMP | LAYER_NO_NEW_PRIVS | LAYER_CAPS | LAYER_MNTNS | LAYER_LANDLOCK |   \
                LAYER_SCOPE | LAYER_RLIMITS | LAYER_DUMPABLE | LAYER_FDS))
#define OUTER_LAYERS                                                                               \
    ((uint32_t)(LAYER_UID | LAYER_USERNS | LAYER_PIDNS | LAYER_NETNS | LAYER_IPCNS |               \
                LAYER_MEMORY | LAYER_PIDS | LAYER_EXIT_INFO))

/* One record of init's status pipe: a child of PID 1 that it reaped. */
struct init_status {
    uint32_t pid;   /* in the namespace of init */
    int32_t status; /* as of waitpid */
};

#endif
