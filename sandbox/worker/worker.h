/* worker.h -- orch-worker inside: the zygote, which confines itself and forks, and the attempt,
 * which confines itself further, loads one plugin and runs one agent once. The files in the order
 * of the process, which is the security argument (SANDBOX.md 0, 2.4 and 2.5):
 *
 *   main.c      the zygote's steps       attempt.c   confine further, wait, load, run
 *   zygote.c    take the set-up, fork    load.c      the plugin's code
 *   enter.c     give up everything       trap.c      the one file that it may open
 *   root.c      an empty root            channel.c   speak to the host
 *   rights.c    users, capabilities      host.c      what the plugin may call
 *   code.c      the plugin's code        say.c       its log, on the way out
 *                                        crash.c     where it crashed
 *                                        redact.c    secrets out of what it says
 *                                        title.c     what ps shows of it
 *
 * A clean zygote never loads a plugin: nothing that it or the start of an attempt says can be
 * forged, and every attempt has all its walls before the first instruction of its plugin. A warm
 * zygote loads one plugin, and its attempts inherit what that did (docs/SANDBOX.md, "Classes").
 *
 * The binary needs the C library only: what a zygote touches is what every fork pays.
 *
 *   who       where        meets               so
 *   zygote    serving      end of its socket   exits: the supervisor is gone
 *   attempt   at the gate  its end             exits: given up, or the supervisor is gone
 *   attempt   at input     STOP                waits on: it is killed if it must be
 *   attempt   at input     end of its channel  exits
 *   attempt   in run()     STOP, or the end    should_stop says so, nothing else happens
 *   attempt   anywhere     the zygote's end    goes on; dies too where there is no pid namespace
 *   both      anywhere     init's end          the kernel ends them
 *   both      anywhere     TERM, INT, HUP      pass it over: who stops the host ends them by KILL
 */
#ifndef ORCH_SANDBOX_WORKER_WORKER_H
#define ORCH_SANDBOX_WORKER_WORKER_H

#include "sandbox/wire/attempt_wire.h"
#include "sandbox/wire/super_wire.h"
#include "sandbox/worker/trap.h"
#include <orch/plugin.h>

/* Descriptors of a zygote besides 0 to 2 (a dead pipe and its log). Where it has none, a copy of
 * the dead pipe holds the place. */
enum { FD_CONTROL = 3, FD_GATE = 5, FD_RULESET = 6, FD_PLUGIN = 7, FD_FIRST_FREE = 8 };

struct zygote {
    struct zygote_setup setup;
    struct confined confined;
    struct filter_set filters;
    pid_t pid;
    const orch_plugin *plugin; /* NULL in a clean one */
    int listener;              /* of its filter, for the supervisor; -1: there is none */
};

/* ---- zygote.c: the supervisor's socket ---- */

/* The first message. */
bool zygote_setup(struct zygote *z);
/* False when the supervisor is gone. */
bool zygote_await_load(void);
bool zygote_tell(enum super_message type, uint64_t id, const void *payload, size_t bytes,
                 const int *fd);
/* Forks attempts until the supervisor is gone. Only in a zygote that is confined. */
void zygote_serve(struct zygote *z);

/* ---- enter.c: the steps C3 to C11 ---- */

/* Enters every layer of setup.layers and writes down how it went. Does not return when a layer
 * without which nothing may run is missing. */
void enter_zygote(struct zygote *z);
/* Installs a filter; the own pid is written into it. */
bool enter_filter(struct profile_bpf *filter);
/* As setrlimit, but a limit that is lower already stays. */
bool enter_limit(int resource, uint64_t soft, uint64_t hard);

/* ---- root.c: an empty root ---- */

/* errno on failure. */
bool root_enter(void);

/* ---- rights.c: C6. errno on failure ---- */

/* What nobody here may ever get: bounding and ambient set, what root is by name. */
bool rights_close(void);
/* uid 0: stays who it is. give_ids: keeps the capabilities that make its children others. */
bool rights_become(uint32_t uid, uint32_t gid, bool give_ids);
bool rights_are(uint32_t uid, bool give_ids);
/* No capability. */
bool rights_are_gone(void);

/* ---- code.c: the plugin's code, for the loader ---- */

/* Before the filter stands. What cannot be mapped is for the loader to fail at. */
void code_map(int fd);
/* What mmap of a part of the plugin as code answers: an address or a negative errno. */
long code_give(void *wanted, size_t bytes, int flags, uint64_t offset);
/* What the loader did not ask for. */
void code_drop(void);

/* ---- load.c: gate, dlopen, handshake: C12 ---- */

/* The plugin's code runs inside; FD_PLUGIN is closed by then. gate: its bytes were not looked at
 * yet. NULL with e set. */
const orch_plugin *plugin_load(bool gate, struct err *e);
/* Appends what ABOUT says. False when it is over its limits. */
bool plugin_describe(const orch_plugin *plugin, struct buf *b, struct err *e) must_check;
const orch_agent *plugin_agent(const orch_plugin *plugin, const char *id, size_t bytes);

/* ---- title.c ---- */

/* The program's own arguments, before anything else. */
void title_keep(int argc, char **argv);
/* Empty: it stays. */
void title_set(const struct attempt_text *title);

/* ---- crash.c ---- */

/* From here on a crash is told before it ends the process. */
void crash_watch(struct orch_run *run, const orch_plugin *plugin);

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
bool channel_writable(int wait_ms);
bool channel_readable(void);

/* ---- host.c: the host table that plugins call ---- */

extern const orch_host host_table;

/* The one run of this process; opaque to the plugin. */
struct orch_run *run_begin(const struct attempt_input *input);
void run_read_secrets(struct orch_run *run, int fd);
const orch_ctx *run_ctx(const struct orch_run *run);
/* Writes what waits of the log, then CRASHED. */
void run_crashed(struct orch_run *run, const struct attempt_crash *crash);
/* Writes RESULT and OUTPUT. */
void run_finish(struct orch_run *run, orch_status status, uint32_t flags);

#endif
