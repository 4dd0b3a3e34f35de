/* host_parts.h -- what the host's files share. */
#ifndef ORCH_TESTS_SIM_HOSTS_HOST_PARTS_H
#define ORCH_TESTS_SIM_HOSTS_HOST_PARTS_H

#include "hosts_world.h"

/* host.c */
int64_t host_mono_ns(const struct sim_host *h);
int64_t host_boot_us(const struct sim_host *h);
void host_at(struct sim_host *h, enum event_kind kind, int64_t in_ns, uint64_t id);

/* host_store.c */
extern struct sim_host *host_booting; /* whose store is waited for; NULL: nobody's */
struct link *host_link(const struct sim_host *h);
/* As the pulse of PostgreSQL's driver does. */
void host_tell_hold(struct sim_host *h, enum lie lie);
/* Everything that was submitted is durable and told, now; turn: how completions are taken. */
void host_flush(struct sim_host *h, void (*turn)(struct sim_host *h));
/* What was given to be done beside the loop is read, and told by an event of its own. */
void host_read_beside(struct sim_host *h);
/* The thread beside the loop can end. */
void host_open_gate(struct sim_host *h);

/* host_attempts.c: of the sandbox (rig.h), and its events. */
void host_on_start(void *arg, const struct attempt_spec *spec, uint64_t id);
void host_on_stop(void *arg, uint64_t id, bool kill);
void host_attempt_begins(struct sim_host *h, uint64_t id);
void host_attempt_gone(struct sim_host *h, struct open_attempt *a);
void host_attempt_ends(struct sim_host *h, uint64_t id);

#endif
