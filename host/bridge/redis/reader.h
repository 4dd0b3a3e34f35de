/* reader.h -- a connection of its own that waits for what is added to the streams of the queues
 * that follow theirs: one XREAD for all. Bridge process, its loop.
 *
 *   first            then             so
 *   no queue         the first        it connects
 *   an XREAD waits   another follows  it is ended, and asked again with that one
 *   an XREAD waits   one had a pass   what comes of that one is passed over, and asked for again
 *   lost             up               asked again: the cursors are the queues' */
#ifndef ORCH_BRIDGE_REDIS_READER_H
#define ORCH_BRIDGE_REDIS_READER_H

#include "bridge/redis/queue.h"

struct reader;

/* options: how the shared connection is made, without those that are told. */
struct reader *reader_new(uv_loop_t *loop, struct redis_tasks *of,
                          const struct redis_options *options) must_check;
void reader_free(struct reader *reader);

/* Redis is up or down, or another queue may follow its stream. */
void reader_wake(struct reader *reader);

#endif
