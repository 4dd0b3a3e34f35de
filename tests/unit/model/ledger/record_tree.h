/* record_tree.h -- a record as a tree, as a reader of a statement has it. */
#ifndef ORCH_TESTS_LEDGER_RECORD_TREE_H
#define ORCH_TESTS_LEDGER_RECORD_TREE_H

#include "base/buf.h"
#include "base/json.h"
#include "model/ledger/record.h"

#include <assert.h>

/* The caller owns it. */
static inline json_t *record_tree(struct node_record *record)
{
    auto_done(buf) text = {0};
    struct node_record_hashes hashes;
    json_t *out;

    node_record_write(record, &text, &hashes);
    out = json_loadb(text.data, text.len, 0, NULL);
    assert(out != NULL);
    return out;
}

#endif
