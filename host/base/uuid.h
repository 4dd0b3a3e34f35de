/* uuid.h -- UUIDv7, RFC 9562 section 5.7: time-ordered, from the kernel's random numbers. */
#ifndef ORCH_BASE_UUID_H
#define ORCH_BASE_UUID_H

#include <stdbool.h>
#include <stdint.h>

enum { UUID_TEXT_BYTES = 37 };

void uuid7(int64_t wall_us, char out[UUID_TEXT_BYTES]);
bool uuid_is_valid(const char *text); /* any version, lower-case hex, 8-4-4-4-12 */

#endif
