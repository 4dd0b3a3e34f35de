/* process.h -- what befalls a slot's process, and what follows: the host meets the supervisor and
 * the attempt here. Whatever comes is taken in any order; these are the orders that can be.
 *
 *   SPAWN, then SPAWNED with its pidfd, or SPAWN_FAILED, or nothing for 10 s. A slot that was given
 *     up meanwhile is gone: RELEASE was said, and the SPAWNED that may still come finds nobody.
 *     What failed before SPAWNED is ours; what fails behind it is the plugin's (spare.h).
 *   After SPAWNED: READY, input, RESULT; or ABOUT, exit. READY may be in the channel before SPAWNED
 *     is read: nothing of a channel is read earlier. The exit may be seen behind any of them and
 *     before the last packets were read, since they are other descriptors: they are read then.
 *   The exit is the pidfd's (with LAYER_EXIT_INFO), or EXITED from init, which may come before or
 *     behind the pidfd's hang-up; the first word with a status counts. The channel's end alone says
 *     nothing: a process may close it and live.
 *   KILL may cross RESULT and exit. The exit decides: by SIGKILL, then the reason of the KILL
 *     stands; with 0 and a whole result, then the attempt was faster. A KILL without an exit in 2 s
 *     is LOST.
 *   RELEASE is said once, when the exit is known or given up on. RELEASED comes only to one that
 *     asked (a SIGKILL that may be the kernel's), and the attempt waits for it at most 2 s. Not
 *     behind SPAWN_FAILED: it is forgotten already.
 *   OVER_MEMORY and OVER_CPU are KILLs by the supervisor; they may come behind the exit. They come
 *     before RELEASED, and explain a SIGKILL that was asked about. */
#ifndef ORCH_SANDBOX_CLIENT_PROCESS_H
#define ORCH_SANDBOX_CLIENT_PROCESS_H

#include "sandbox/client/pool.h"

extern const struct slot_handlers process_handlers;

/* A frame that names a slot: SPAWNED, SPAWN_FAILED, EXITED, OVER_MEMORY, OVER_CPU, FORBIDDEN or
 * RELEASED. */
void process_heard(struct slots *slots, struct frame_in *in);
/* Deadlines of attempts and of slots. */
void processes_turn(struct pools *pools);
/* Everything below the supervisor died with it: each attempt that has no answer gives up. */
void processes_lost(struct pools *pools);

#endif
