/* control.h -- what the files of this folder do to a client: change its state, queue a message that
 * is no event, ask for a write, begin to close. Loop thread. */
#ifndef ORCH_API_STREAM_CONTROL_H
#define ORCH_API_STREAM_CONTROL_H

#include "api/stream/client.h"

/* The only way to change the state: forward. */
void stream_client_enter(struct stream_client *c, enum client_state next);
/* There is something to write. */
void stream_client_wake(struct stream_client *c);
/* Queues a control message; takes it. */
void stream_client_say(struct stream_client *c, json_t *message);
/* Queues {"type":"error"}. */
void stream_client_say_error(struct stream_client *c, const char *code, const char *text);
/* Closes after what is queued; counted under the reason. */
void stream_client_close_after(struct stream_client *c, int close_code, const char *reason);

#endif
