/* bare.h -- what libwebsockets can do at all: a server that tells every client the same messages,
 * in a process of its own, on the same event library as the host. */
#ifndef ORCH_TESTS_BENCH_BARE_H
#define ORCH_TESTS_BENCH_BARE_H

struct bare;

/* The port it listens on is in *ret_port. messages of so many bytes each, told after bare_go. */
struct bare *bare_start(int messages, int bytes, int *ret_port);
void bare_go(struct bare *bare);
void bare_stop(struct bare *bare);

#endif
