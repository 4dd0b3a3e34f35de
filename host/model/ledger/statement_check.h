/* statement_check.h -- a statement taken apart, and the checks of its parts; inside
 * statement_verify only. */
#ifndef ORCH_MODEL_LEDGER_STATEMENT_CHECK_H
#define ORCH_MODEL_LEDGER_STATEMENT_CHECK_H

#include "base/err.h"
#include "base/json.h"

/* Borrowed from the statement, but for the list. */
struct statement_parts {
    bool v1;
    const json_t *build, *external, *internal;
    const json_t *details, *metadata, *builder, *orch, *byproducts;
    json_t *records; /* as record.h has them; owned */
};

/* Words of which there is a list or a grammar, and the states of all nodes against the status. */
bool statement_words_verify(const struct statement_parts *p, struct err *e) must_check;
/* Each in our one form; a node's within the run's and with its duration. */
bool statement_times_verify(const struct statement_parts *p, struct err *e) must_check;

#endif
