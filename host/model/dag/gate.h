/* gate.h -- what a run waits at before it begins: others with its key that go on (concurrency), and
 * starts that follow soon (debounce). Pure.
 *
 * A key is the value of an expression over the run's input: text, a number, true or false. Its text
 * is the value's canonical JSON, so 1 and '1' are two keys and 1 and 1.0 are one. The same
 * definition and input always yield the same key: so it is pinned with the run. */
#ifndef ORCH_MODEL_DAG_GATE_H
#define ORCH_MODEL_DAG_GATE_H

#include "base/err.h"
#include "model/dag/expr/expr.h"

#include <jansson.h>
#include <stdint.h>

enum {
    GATE_KEY_BYTES_MAX = 256, /* of a key's text */
    CONCURRENCY_MAX = 10000,
};
#define DEBOUNCE_S_MAX 604800.0 /* a week */

enum on_conflict {
    ON_CONFLICT_INVALID,
    ON_CONFLICT_QUEUE,       /* waits, the oldest first */
    ON_CONFLICT_SKIP,        /* is not begun */
    ON_CONFLICT_REPLACE,     /* the oldest that goes on is cancelled for it */
    ON_CONFLICT_KEEP_LATEST, /* waits, and only the newest that does begins */
    ON_CONFLICT_COUNT,
};

const char *on_conflict_text(enum on_conflict on_conflict);

struct gate_key {
    const char *text;  /* borrowed from the document; NULL: one key for the whole DAG */
    struct expr *expr; /* of the text */
};

struct concurrency {
    struct gate_key key;
    uint32_t limit;
    enum on_conflict on_conflict; /* INVALID: the definition has none */
};

struct debounce {
    struct gate_key key;
    double period_s;   /* 0: the definition has none */
    double max_wait_s; /* 0: none */
};

void gate_key_done(struct gate_key *key);

/* what: "concurrency.key", for an error: ERR_INVALID, of a value that is no key or too long;
 * ERR_LIMIT, of an expression that took too long. The caller owns *ret; "" without an expression.
 */
bool gate_key_text(const struct gate_key *key, json_t *input, const char *what, char **ret,
                   struct err *e) must_check;

#endif
