/* real.h -- a redis-server of the test's own on a loopback port, gone with the test, and what is
 * said to it beside the bridge. */
#ifndef ORCH_TESTS_BRIDGE_REAL_H
#define ORCH_TESTS_BRIDGE_REAL_H

#include <stdint.h>

/* Starts it, empty; the same port again after real_stop. */
void real_start(void);
void real_stop(void);
uint16_t real_port(void);
/* It answers nobody, and keeps what it has, until it is thawed. */
void real_freeze(void);
void real_thaw(void);

/* A command as redisCommand takes it, and its answer as text: "nil", "7", "text", "[a [b c]]";
 * an error is "-" and its text. Valid until the next call. */
const char *real_says(const char *format, ...);
/* Until it answers so. */
void real_until(const char *wanted, const char *format, ...);

#endif
