/* clock.h -- the two clocks and RFC 3339 text. Deadlines use the monotonic clock, records the
 * wall clock. A loop reads each once a turn and passes it on. */
#ifndef ORCH_BASE_CLOCK_H
#define ORCH_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

int64_t clock_mono_ns(void);
int64_t clock_wall_us(void); /* since 1970-01-01T00:00:00Z */
int64_t clock_boot_us(void); /* since the machine was started, suspended or not */

enum { CLOCK_TEXT_BYTES = 32 };
/* "2026-11-22T07:38:00.123456Z", always with six decimals, so that texts sort as times do. */
void clock_text(int64_t wall_us, char out[CLOCK_TEXT_BYTES]);
/* Any RFC 3339 time but a leap second, any offset, up to nine decimals (cut to microseconds). */
bool clock_parse(const char *text, int64_t *ret_wall_us) __attribute__((warn_unused_result));

#endif
