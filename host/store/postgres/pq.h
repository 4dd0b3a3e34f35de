/* pq.h -- libpq, loaded by the first who connects.
 *
 * A host whose store is a file has none of it: nineteen libraries come with it. pq.c has a function
 * of each of libpq's names that is called here, which calls libpq's own; a new one gets its line
 * there, which the linker demands. */
#ifndef ORCH_STORE_POSTGRES_PQ_H
#define ORCH_STORE_POSTGRES_PQ_H

#include "base/err.h"

/* For who wants to hear that it is not there. It stays for as long as the process lives. Any
 * thread. */
bool pq_load(struct err *e) must_check;

#endif
