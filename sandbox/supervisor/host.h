/* host.h -- what the supervisor says to the host. Everybody may say something; only requests.c
 * listens.
 *
 * One socket, so the host hears in the order of the calls. Saying blocks while the host is slow and
 * never fails: when the host is gone, gone is set, all that is said after is dropped, and the
 * supervisor ends at the end of its turn. */
#ifndef ORCH_SANDBOX_SUPERVISOR_HOST_H
#define ORCH_SANDBOX_SUPERVISOR_HOST_H

#include "sandbox/supervisor/loop.h"
#include "sandbox/wire/super_wire.h"

/* A SPAWNED that waits for company. */
struct spawned {
    uint64_t id;
    uint32_t layers;
    int pidfd; /* the attempt's */
};

struct host {
    struct watch watch;
    bool gone;                                    /* or it said what it may not */
    struct spawned spawned[FRAMES_HEARD_AT_ONCE]; /* in the order of the calls */
    uint32_t spawned_count;
};

/* fd -1: none; it stays the caller's. */
void host_tell(struct host *h, enum super_message type, uint64_t id, const void *payload,
               size_t bytes, int fd);
/* SPAWNED: those of a turn leave by one call, before whatever else is told. The descriptor stays
 * the caller's, who flushes before it closes it. */
void host_tell_spawned(struct host *h, uint64_t id, uint32_t layers, int pidfd);
/* If that of this attempt has not left. */
void host_flush_of(struct host *h, uint64_t id);
/* The end of the turn. */
void host_flush(struct host *h);
void host_tell_text(struct host *h, enum super_message type, uint64_t id, const char *text);
void host_tell_zygote_gone(struct host *h, uint64_t id, enum err_code code, const char *why);

#endif
