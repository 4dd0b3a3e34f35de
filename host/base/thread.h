/* thread.h -- a thread beside the loop. Signals are the loop's: this one hears none. Its stack is
 * of a size of ours: that of the system's is what `ulimit -s` says, whatever the thread is for. */
#ifndef ORCH_BASE_THREAD_H
#define ORCH_BASE_THREAD_H

#include "base/auto.h"

#include <pthread.h>

enum { THREAD_STACK_BYTES = 4 * 1024 * 1024 };

/* 0, or an errno; join it with pthread_join. */
int thread_start(pthread_t *ret, void *(*run)(void *), void *arg) must_check;
/* Its timed waits are until a time of clock_mono_ns. */
void thread_cond_init(pthread_cond_t *cond);

#endif
