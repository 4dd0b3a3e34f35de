/* record.h -- the provenance record of one completed node, and the hashes over it (DESIGN 6).
 *
 *   chain_hash   SHA-256 of JCS {node_id, input_hash, output_hash, parent_hashes sorted}: the same
 *                definition, input and plugins give the same value on every replay;
 *   record_hash  SHA-256 of JCS of the whole record, times included: the evidence.
 *
 * The execution's chain hash is SHA-256 of the completed nodes' chain hashes joined by ":" in
 * level order, then node id; of the text "empty" when no node completed. Pure. */
#ifndef ORCH_MODEL_LEDGER_RECORD_H
#define ORCH_MODEL_LEDGER_RECORD_H

#include "base/err.h"
#include "base/hash.h"
#include "base/json.h"
#include "model/ledger/layers.h"

#include <stddef.h>
#include <stdint.h>

/* Borrows every text. Times are RFC 3339 UTC with microseconds. */
struct node_record {
    const char *node_id;
    const char *agent_id;
    const char *input_hash;
    const char *output_hash;
    const char **parent_hashes; /* chain hashes of the completed parents, in any order */
    size_t parent_count;
    uint32_t attempt_count;
    const char *started_at;
    const char *completed_at;
    double duration_ms;
    const char *plugin;        /* "id@version" */
    const char *plugin_digest; /* SHA-256 of the shared object, lower hex */
    const char *profile;
    struct layer_facts sandbox;
};

/* Sorts parent_hashes in place. */
void node_record_chain_hash(struct node_record *record, struct sha256_hex *ret);
/* The record as JSON with both hashes as members; the caller owns it. */
json_t *node_record_json(struct node_record *record) __attribute__((warn_unused_result));

/* hashes[i] are chain hashes in level order, then node id. */
void execution_chain_hash(const char *const *hashes, size_t count, struct sha256_hex *ret);

/* Recomputes both hashes of a record as node_record_json wrote it, from its own members; refuses
 * one whose layers, level and isolation contradict each other, whose words are none that a host
 * writes there, or that is not what node_record_json makes of it: another member, another order.
 * The error names the node and the first difference. */
bool node_record_verify(const json_t *record, struct err *e) must_check;

#endif
