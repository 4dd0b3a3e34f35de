/* entry_steps.h -- the bridge's end of the rig's link, played by a test: Redis is what it says. */
#ifndef ORCH_TESTS_ENGINE_ENTRY_STEPS_H
#define ORCH_TESTS_ENGINE_ENTRY_STEPS_H

#include "suites.h"
#include "task_steps.h"

#include "bridge/wire/tasks.h"

/* Another rig, with a bridge and the lane "ml", of one worker and no retry, in a Redis that is up.
 */
void entries_open(void);
void entries_close(void); /* this end alone */

/* A fresh bridge, that has been told of the lanes, with Redis up and both queues of "ml" told. */
void bridge_comes(void);
/* The same, and nothing is up yet. */
void bridge_attaches(void);
void bridge_leaves(void);
/* Both queues of "ml". */
void bridge_scanned(void);
void bridge_state(bool up);
/* An entry of "ml": "ID" of the regular queue, "ID!" of the express one. */
struct bridge_entry ml_entry(const char *id);

/* What the host says next is of this type, about the entry; NULL: not asked. */
void host_says(enum bridge_message type, const char *id);
/* The same of a task's: ADD, DEAD. Texts are valid until the next call; the payload too. */
const struct bridge_task *host_says_task(enum bridge_message type);
/* CLAIM. */
void host_claims(const char *id, const char *consumer);
void host_says_nothing(void);
/* KEEP or FORGET, behind whatever else. */
const struct message *host_shows(enum bridge_message type);
/* LANE of "ml". */
void host_reads(bool reads);

void bridge_says(enum bridge_message type, struct buf *body);
void bridge_added(const char *task_id, const char *id);
void bridge_claimed(const char *id, uint32_t deliveries);
void bridge_acked(const char *id, uint32_t tries);
void bridge_gone(const char *id);
void bridge_depth(bool express, uint32_t entries);
/* Somebody's; tenant "": none is said. */
void bridge_entry(const char *id, const char *tenant, const char *task_id, const char *payload);
void bridge_entry_with(const char *id, const char *task_id, const char *priority);

#endif
