/* fingerprint.h -- which errors are the same one: the hash of an error's class and of its message
 * without what differs from time to time (LANES_KIT.md 5). Pure; the message may be any text.
 *
 * Left out of a message, whichever comes first from the left: a UUID, 0x and the hexadecimal digits
 * behind it, a whole run of hexadecimal digits that is at least HEX_RUN_MIN long, a decimal digit.
 * Upper and lower case are the same there and nowhere else. */
#ifndef ORCH_LANES_FINGERPRINT_H
#define ORCH_LANES_FINGERPRINT_H

#include "base/hash.h"

enum { HEX_RUN_MIN = 8 };

struct sha256_hex fingerprint_of(const char *error_class, const char *message);

#endif
