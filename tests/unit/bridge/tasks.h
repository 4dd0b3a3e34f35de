/* tasks.h -- a bridge on a thread of its own beside a real Redis, with what host and bridge say of
 * tasks. Each of those that wait passes over what it does not wait for. */
#ifndef ORCH_TESTS_BRIDGE_TASKS_H
#define ORCH_TESTS_BRIDGE_TASKS_H

#include "bridge/wire/tasks.h"

enum { SWEEP_MS = 100, IDLE_MS = 400 };
#define EXPRESS "mcp:queue:l:express"
#define EXPRESS_GROUP "mcp_express_l"
#define REGULAR "mcp:queue:l"
#define REGULAR_GROUP "mcp_l"

/* With lane "l", which is scanned when it began. */
void tasks_begin(void);
/* The same, with none. */
void tasks_begin_bare(void);
void tasks_end(void);

/* ---- the host says; of lane "l" ---- */

void say_lane(enum bridge_backend backend, bool reads);
void say_lane_named(const char *name, enum bridge_backend backend, bool reads);
void say_add(bool express, const char *task_id, const char *payload);
/* TAKE, RELEASE, DONE. */
void say_of(enum bridge_message type, bool express, const char *id);
void say_claim(bool express, const char *id, const char *consumer);
void say_dead(bool express, const char *id, const char *task_id);

/* ---- the bridge says ---- */

/* Until the next of the type; how many of each came since tasks_begin. */
extern unsigned heard[BRIDGE_MESSAGE_COUNT];
void hear_until_state(bool up);
/* Valid until the next call; the payload is a text. */
const struct bridge_task *hear_entry(void);
const struct bridge_added *hear_added(void);
uint32_t hear_claimed(const char *id);
uint32_t hear_acked(const char *id);
void hear_gone(const char *id);
/* Of both queues, of one. */
void hear_scanned(void);
void hear_scanned_of(bool express);
/* DEPTH says so of the queue. */
void hear_depth(bool express, uint32_t entries);
/* The next of the queue. */
uint32_t hear_any_depth(bool express);

#endif
