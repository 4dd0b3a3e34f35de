/* talk.h -- the host's end of a bridge's link, and a Redis that does what the test says. Both wait,
 * for TALK_MS at most. */
#ifndef ORCH_TESTS_BRIDGE_TALK_H
#define ORCH_TESTS_BRIDGE_TALK_H

#include "bridge/wire/protocol.h"

#include <check.h>
#include <stdint.h>

enum { TALK_MS = 20000 };
#define ck_good(call, e) ck_assert_msg((call), "%s", (e)->msg)

/* Something is to be read. */
void talk_wait(int fd);

/* ---- the host ---- */

/* Takes the bytes of body. */
void talk_say(int link, enum bridge_message type, struct buf *body);
void talk_set_up(int link, const char *url, uint32_t timeout_ms);
/* The next notice of the bridge is a state. */
struct bridge_state talk_state(int link);
/* Until it is so; what comes before is passed over. */
struct bridge_state talk_state_until(int link, bool up);
/* The bridge has closed the link. */
void talk_ended(int link);

/* ---- Redis ---- */

/* Listens on a loopback port of the system's choice. */
int fake_redis(uint16_t *ret_port);
int fake_accept(int listening);
/* The next command, its words with blanks between them. */
void fake_hears(int peer, char *ret, size_t bytes);
void fake_expects(int peer, const char *command);
void fake_says(int peer, const char *reply);
/* Accepts, is asked for the database and answers well. */
int fake_greets(int listening);

#endif
