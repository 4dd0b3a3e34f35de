/* answer.h -- what JetStream answers in its API: JSON of the server's, of which nothing is
 * believed. Pure. */
#ifndef ORCH_BRIDGE_NATS_ANSWER_H
#define ORCH_BRIDGE_NATS_ANSWER_H

#include "base/buf.h"
#include "base/err.h"

#include <stdint.h>

/* Those of its error codes that mean something here. */
enum {
    JS_CONSUMER_NOT_FOUND = 10014,
    JS_NO_MESSAGE = 10037,
    JS_SEQUENCE_NOT_FOUND = 10043,
    JS_DELETE_FAILED = 10057, /* of what was never there */
    JS_STREAM_NOT_FOUND = 10059,
};

/* Each: false says why. *ret_code (may be NULL): the server's; 0: what came is no such answer. */

struct js_stored {
    uint64_t sequence;
    bool duplicate; /* the sequence is that of the first with the id, which may be gone */
};
bool js_read_stored(const char *data, size_t bytes, struct js_stored *ret,
                    struct err *e) must_check;

struct js_stream {
    char created[40];
    uint64_t first_sequence;
};
/* subjects, retention: what they have to be; another is ERR_CONFLICT. */
bool js_read_stream(const char *data, size_t bytes, const char *subjects, const char *retention,
                    struct js_stream *ret, int *ret_code, struct err *e) must_check;

/* depth: what is to be delivered, and what is and was not acknowledged. */
bool js_read_consumer(const char *data, size_t bytes, uint32_t *ret_depth, int *ret_code,
                      struct err *e) must_check;

struct js_message {
    uint64_t sequence;
    char *subject; /* owned */
    struct buf data;
};
void js_message_done(struct js_message *m);
DEFINE_AUTO_DONE(js_message)
bool js_read_message(const char *data, size_t bytes, struct js_message *ret, int *ret_code,
                     struct err *e) must_check;

/* It is gone, now or before. */
bool js_read_deleted(const char *data, size_t bytes, struct err *e) must_check;

#endif
