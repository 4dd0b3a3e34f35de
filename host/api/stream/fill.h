/* fill.h -- what a ring lacks, read from the store beside the loop: what other hosts committed, and
 * this one's events behind it. A page at a time, until the ring has what was heard of. */
#ifndef ORCH_API_STREAM_FILL_H
#define ORCH_API_STREAM_FILL_H

struct ring;
struct stream_server;

/* Begins to read where the ring wants it; its clients are woken as it fills. */
void stream_fill(struct stream_server *s, struct ring *r);

#endif
