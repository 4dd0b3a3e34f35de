/* nats_host.h -- the host of a bridge that runs on a thread of its own, and speaks to a real
 * nats-server of the test's. */
#ifndef ORCH_TESTS_BRIDGE_NATS_HOST_H
#define ORCH_TESTS_BRIDGE_NATS_HOST_H

#include "nats_suites.h"
#include "nats_talk.h"
#include "talk.h"

#include "bridge/wire/tasks.h"

enum { TIMEOUT_MS = 1000, SWEEP_MS = 100, IDLE_MS = 600 };
#define REGULAR "orch.tasks.default.ml.regular"

extern struct nats_world nats_world;
extern int link_fd;
extern struct frame_in *nats_frames;
extern struct message nats_last_heard; /* its bytes live until the next */

void begin_link(void);
void begin(void);
void end_link(void);
void end(void);
void set_up(void);
void say_lane(const char *name, enum bridge_backend backend, bool reads);
void hear(enum bridge_message type);
struct bridge_queue hear_scanned(void);
struct bridge_task hear_entry(void);
struct bridge_counted hear_counted(enum bridge_message type);
struct bridge_added hear_added(void);
struct bridge_entry hear_gone(void);
struct bridge_state hear_state(bool up);
void say_entry(enum bridge_message type, const struct bridge_entry *entry);
void say_claim(const struct bridge_entry *entry);
struct bridge_task task_of(const char *tenant, const char *task_id);
void say_task(enum bridge_message type, const struct bridge_task *task);
struct bridge_entry add(const char *task_id);
void lane(bool reads);
uint64_t stranger(const char *task_id);
void is_sequence(const struct bridge_entry *entry, uint64_t sequence);
int64_t of_consumer(const char *name, const char *member);

#endif
