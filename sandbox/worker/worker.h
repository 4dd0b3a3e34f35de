/* worker.h -- orch-worker inside: the zygote, which confines itself, loads one plugin and forks,
 * and the attempt, which confines itself further and runs one agent once. The files in the order
 * of the process, which is SANDBOX.md 2.4 and 2.5 and the security argument:
 *
 *   main.c      the zygote's steps       zygote.c    fork when asked
 *   zygote.c    take the set-up          attempt.c   confine further, wait, run
 *   enter.c     give up everything       channel.c   speak to the host
 *   root.c      an empty root            host.c      what the plugin may call
 *   load.c      the plugin's code        redact.c    secrets out of what it says
 *
 * The binary needs the C library only: what a zygote touches is what every fork pays. From the load
 * of the plugin on nothing that this process says is believed, here or outside.
 *
 *   who       where        meets               so
 *   zygote    serving      end of its socket   exits: the supervisor is gone
 *   attempt   at GO        end of its channel  exits: given up, or the host is gone
 *   attempt   at input     STOP                waits on: it is killed if it must be
 *   attempt   at input     end of its channel  exits
 *   attempt   in run()     STOP, or the end    should_stop says so, nothing else happens
 *   attempt   anywhere     the zygote's end    goes on; dies too where there is no pid namespace
 *   both      anywhere     init's end          the kernel ends them
 */
#ifndef ORCH_SANDBOX_WORKER_WORKER_H
#define ORCH_SANDBOX_WORKER_WORKER_H

#include "sandbox/wire/attempt_wire.h"
#include "sandbox/wire/super_wire.h"
#include <orch/plugin.h>

/* Descriptors of a zygote besides 0 to 2 (a dead pipe and its log). */
enum { FD_CONTROL = 3, FD_RULESET = 5, FD_PLUGIN = 6, FD_FIRST_FREE = 7 };

struct zygote {
    struct zygote_setup setup;
    struct zygote_confined confined;
    struct filter_set filters;
    pid_t pid;
    const orch_plugin *plugin; /* NULL in a cold zygote */
    char plugin_path[DIGEST_TEXT_BYTES + 32];
};

/* ---- zygote.c: the supervisor's socket ---- */

/* The first message. */
bool zygote_setup(struct zygote *z);
bool zygote_tell(enum super_message type, uint64_t id, const void *payload, size_t bytes,
                 const int *fd);
/* Forks attempts until the supervisor is gone. Only in a zygote that is confined. */
void zygote_serve(struct zygote *z);

/* ---- enter.c: the steps C3 to C11 ---- */

/* Enters every layer of setup.layers and writes down how it went. Does not return when a layer
 * without which nothing may run is missing. */
void enter_zygote(struct zygote *z);
/* Installs a filter in this process; the own pid is written into it. */
bool enter_filter(struct profile_bpf *filter);

/* ---- root.c: an empty root that holds the plugin ---- */

/* errno on failure. plugin_fd -1: an empty one, for the probe. */
bool root_enter(const char *digest, int plugin_fd);

/* ---- load.c: gate, dlopen, handshake: C12 ---- */

/* The plugin's code runs inside. NULL with e set. */
const orch_plugin *plugin_load(const struct zygote *z, struct err *e);
/* Appends the MSG_LOADED payload. False when it is over its limits. */
bool plugin_describe(const orch_plugin *plugin, struct buf *b, struct err *e) must_check;
const orch_agent *plugin_agent(const orch_plugin *plugin, const char *id, size_t bytes);

/* ---- attempt.c: A3 to A11 ---- */

_Noreturn void attempt_main(struct zygote *z, const struct fork_request *order, const int *fds);

/* ---- channel.c: packets of attempt_wire.h on descriptor 3 ---- */

/* One packet; false at end of file or on a malformed one. */
bool channel_read(struct attempt_packet *ret);
/* head and tail are written as one packet. Blocks while the host's side is full. */
bool channel_write(enum attempt_message type, const void *head, size_t head_bytes, const void *tail,
                   size_t tail_bytes);
/* Not when it would block. */
bool channel_try_write(enum attempt_message type, const void *head, size_t head_bytes,
                       const void *tail, size_t tail_bytes);
bool channel_readable(void);

/* ---- host.c: the host table that plugins call ---- */

extern const orch_host host_table;

/* The one run of this process; opaque to the plugin. */
struct orch_run *run_begin(const struct attempt_input *input);
void run_read_secrets(struct orch_run *run, int fd);
const orch_ctx *run_ctx(const struct orch_run *run);
/* Writes RESULT and OUTPUT. */
void run_finish(struct orch_run *run, orch_status status, uint32_t flags);

#endif
