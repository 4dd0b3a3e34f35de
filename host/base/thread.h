/* thread.h -- a thread beside the loop. Signals are the loop's: this one hears none. */
#ifndef ORCH_BASE_THREAD_H
#define ORCH_BASE_THREAD_H

#include "base/auto.h"

#include <pthread.h>

/* 0, or an errno; join it with pthread_join. */
int thread_start(pthread_t *ret, void *(*run)(void *), void *arg) must_check;

#endif
