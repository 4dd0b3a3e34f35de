/* pass.h -- what is in a queue's stream, told to the host. Bridge process, its loop.
 *
 * The stream is read without being delivered, first from its beginning (a pass), then as it grows
 * (reader.h). cursor is the last entry that was looked at.
 *
 *   first                    then                so
 *   up, LANE reads, NOGROUP, -                   a pass: what is not known is told, what is known
 *   XLEN below what is known                     and not there is GONE, then SCANNED
 *   it does not read         -                   a pass tells GONE and SCANNED alone
 *   lost                     up                  what the host had is told anew, too, as it
 *                                                has forgotten it
 *   a pass                   what starts one     from the beginning again
 *   too many unanswered, no  answered, room,     goes on behind the cursor
 *   room, an ADD of ours     ADDED */
#ifndef ORCH_BRIDGE_REDIS_PASS_H
#define ORCH_BRIDGE_REDIS_PASS_H

#include "bridge/redis/queue.h"

/* Makes the group, if it is not there; then a pass. */
void pass_make_group(struct redis_queue *q);
/* Redis said so: there is no group. */
void pass_no_group(struct redis_queue *q);

/* From the beginning. */
void pass_begin(struct redis_queue *q);
/* What the queue waited for may be so. */
void pass_go_on(struct redis_queue *q);
/* For another entry. False: the host hears slowly; each queue goes on when it has. */
bool pass_has_room(struct redis_tasks *of);

/* The reader may ask for what is behind the cursor. */
bool pass_follows(const struct redis_queue *q);
/* Entries behind the cursor, in order. False: it does not go on until pass_go_on. */
bool pass_take_page(struct redis_queue *q, const struct page *page);
/* One that was left to somebody else. */
void pass_tell_again(struct redis_queue *q, struct entry *entry);

#endif
