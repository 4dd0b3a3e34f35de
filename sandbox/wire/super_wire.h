/* super_wire.h -- the messages between host, supervisor, zygote and attempt: frames (ipc/frame.h)
 * with packed payloads (ipc/pack.h). Each receiver has a table of what its peer may send (below);
 * anything else ends the peer. frame.id is a zygote's or an attempt's number, given by the host.
 *
 *   host -> supervisor      ZYGOTE_START, ZYGOTE_STOP, ZYGOTE_KILL, SPAWN, KILL, RELEASE, PING,
 *                           AUTHORITY_KILL
 *   supervisor -> host      HELLO or START_FAILED, ZYGOTE_READY, ZYGOTE_GONE, SPAWNED,
 *                           SPAWN_FAILED, EXITED, OVER_MEMORY, OVER_CPU, FORBIDDEN, RELEASED,
 *                           AUTHORITY, PONG
 *   supervisor -> zygote    SETUP, FORK
 *   supervisor -> warm zygote  LOAD, once it is CONFINED
 *   zygote -> supervisor    CONFINED, LOADED, LOAD_FAILED, FORKED, FORK_FAILED
 *
 * A process of an attempt has a gate, a socket to the supervisor that came with FORK and that it
 * closes before anything of a plugin runs: it says struct confined there and waits for one byte.
 * The order of its life: FORK, FORKED (the zygote's word, checked), struct confined (its own), then
 * the supervisor puts it into its groups, sets its limits, looks at it from outside and only then
 * lets it go and says SPAWNED to the host. What fails before SPAWNED is ours, SPAWN_FAILED; what
 * fails behind it is the plugin's. */
#ifndef ORCH_SANDBOX_WIRE_SUPER_WIRE_H
#define ORCH_SANDBOX_WIRE_SUPER_WIRE_H

#include "ipc/frame.h"
#include "sandbox/profile/profile.h"
#include "sandbox/wire/layer.h"

#include <sys/types.h>

enum super_message {
    MSG_ZYGOTE_START = 1, /* u32 flags, digest ("" for a clean one); fd: sealed plugin, with
                             ZYGOTE_WARM only */
    MSG_ZYGOTE_STOP,      /* no more forks; ends when its attempts have */
    MSG_ZYGOTE_KILL,      /* and all attempts of it */
    MSG_SPAWN,            /* struct spawn_request; fds: channel, stdout, stderr
                             [, secrets: SPAWN_SECRETS] [, sealed plugin: SPAWN_LOAD] */
    MSG_KILL,
    MSG_RELEASE,        /* u32 wants RELEASED; the attempt has ended */
    MSG_PING,           /* nothing; answered by PONG */
    MSG_AUTHORITY_KILL, /* it does not answer: another is started */
    MSG_BRIDGE_KILL,    /* the same */

    MSG_HELLO = 32, /* struct layer_report; first message, once */
    MSG_ZYGOTE_READY,
    MSG_ZYGOTE_GONE,  /* u32 err code, text */
    MSG_SPAWNED,      /* u32 outer layers; fd: pidfd. It is confined, limited and let go */
    MSG_SPAWN_FAILED, /* text */
    MSG_EXITED,       /* u32 wait status: only without pidfd exit info */
    MSG_OVER_MEMORY,  /* killed by the resident-set poll */
    MSG_OVER_CPU,     /* killed over its CPU time */
    MSG_RELEASED,     /* u64 oom kills, u64 peak bytes */
    MSG_AUTHORITY,    /* fd: socket to a fresh authority */
    MSG_BRIDGE,       /* fd: socket to a fresh bridge */
    MSG_START_FAILED, /* text; instead of HELLO */
    MSG_PONG,         /* nothing */
    MSG_FORBIDDEN,    /* struct call; killed for it */

    MSG_SETUP = 64, /* struct zygote_setup; fds: filters [, plugin] */
    MSG_FORK,       /* struct fork_request; fds: gate, then as SPAWN */
    MSG_LOAD,       /* nothing; a warm zygote only */

    MSG_CONFINED = 96, /* struct confined; once, before any instruction of a plugin [; fd: who reads
                          it is told of each system call that the zygote's filter forbids] */
    MSG_LOADED,        /* nothing; a warm zygote only */
    MSG_LOAD_FAILED,   /* text; the same */
    MSG_FORKED,        /* u32 pid as the zygote sees it; fd: pidfd */
    MSG_FORK_FAILED,   /* u32 errno */
};

enum zygote_flags {
    ZYGOTE_WARM = 1u << 0,    /* loads the plugin that comes with it; a clean one loads none */
    ZYGOTE_THREADS = 1u << 1, /* a warm one: attempts may create threads */
    ZYGOTE_PROBE = 1u << 2,   /* confine, report, end: the supervisor's own */
    ZYGOTE_MATH = 1u << 3,    /* has the C library's mathematics for its attempts' plugins */
};

enum spawn_flags {
    SPAWN_SECRETS = 1u << 0,  /* a secrets pipe comes with it */
    SPAWN_LOAD = 1u << 1,     /* so does the plugin, to be loaded in the attempt */
    SPAWN_DESCRIBE = 1u << 2, /* with LOAD: say what the plugin says of itself, and exit */
};

enum {
    DIGEST_TEXT_BYTES = 65,
    AGENTS_MAX = 256,
    PLUGIN_INFO_BYTES_MAX = FRAME_PAYLOAD_BYTES_MAX,
    PLUGIN_SO_BYTES_MAX = 64 * 1024 * 1024,
    ATTEMPT_STACK_BYTES = 8 << 20,
    ATTEMPT_FILES_MAX = 16,
};
/* That an attempt may reserve where a memory cgroup counts what it touches. */
#define ATTEMPT_ADDRESS_SPACE_BYTES (16ULL << 30)

struct spawn_request {
    uint64_t zygote;
    uint64_t memory_bytes;
    uint64_t cpu_ms;
    uint32_t threads_max;
    uint32_t flags; /* SPAWN_* */
};

/* Of SPAWN; FORK has the gate before them. */
enum { SPAWN_FDS_MAX = 5 };
static inline uint32_t spawn_fd_count(uint32_t flags)
{
    return 3u + ((flags & SPAWN_SECRETS) != 0) + ((flags & SPAWN_LOAD) != 0);
}

struct fork_request {
    uint64_t address_space_bytes; /* of the limits that it may have to set itself */
    uint64_t cpu_ms;
    uint32_t limit_inside; /* the attempt sets its limits itself, before it is CONFINED */
    uint32_t flags;        /* SPAWN_* */
    uint32_t threads_max;
    uint32_t uid, gid; /* that it becomes; 0: stays */
    uint32_t zero;
};

/* What a zygote is told before anything else. Fixed size: it travels as it is. */
struct zygote_setup {
    uint32_t flags;  /* ZYGOTE_* */
    uint32_t layers; /* LAYER_* that it shall enter; the others it leaves */
    uint32_t uid, gid;
    uint32_t init_reaps;      /* attempts become children of init, which reports how they end */
    uint32_t die_with_zygote; /* no pid namespace will end the attempts */
    uint32_t own_name;        /* host and domain name are the sandbox's own, to be set */
    uint32_t give_ids;        /* attempts become users of their own: FORK says which */
    uint32_t limit_inside;    /* a warm one sets its attempts' limits before it loads its plugin */
    uint32_t deaf;            /* nobody is to be told of forbidden calls */
};

struct confined {
    uint32_t layers; /* entered and looked at from inside */
    uint32_t landlock_abi;
    uint32_t landlock_errata;
    uint32_t zero;
    int32_t errnos[LAYER_COUNT];
};

/* A system call that was not made. */
struct call {
    uint32_t number;
    uint32_t foreign; /* by the numbers of another architecture, or x32's */
};

/* The sealed memfd of the filters that the supervisor compiled once. By threads where there are
 * two. */
struct filter_set {
    struct profile_bpf zygote;
    struct profile_bpf
        telling;               /* the same, and its kills are told; where there can be a listener */
    struct profile_bpf warm;   /* on zygote, before a warm zygote loads its plugin */
    struct profile_bpf own[2]; /* in an attempt, before its plugin is loaded; whole where there are
                                  threads (profile_tell_kills) */
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
