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

struct node_record_hashes {
    struct sha256_hex chain, record;
};
/* Appends the record with both hashes as members, in canonical form. Sorts parent_hashes. */
void node_record_write(struct node_record *record, struct buf *b, struct node_record_hashes *ret);

/* What a statement says of a record, borrowed from its canonical text: members are as they are
 * escaped there, and empty where there is none. */
struct record_parts {
    struct jcs_part text; /* the whole */
    struct jcs_part node_id, output_hash, chain_hash, record_hash, plugin, plugin_digest;
    struct jcs_part started_at, completed_at;
    struct jcs_part parents; /* the value of parent_hashes, an array */
    size_t parents_at;       /* where its member begins in text */
};
/* text: of node_record_write, or another record's by jcs_write. */
struct record_parts record_parts(const char *text);

/* hashes[i] are chain hashes in level order, then node id. */
void execution_chain_hash(const char *const *hashes, size_t count, struct sha256_hex *ret);

/* Recomputes both hashes of a record as node_record_write wrote it, from its own members; refuses
 * one whose layers, level and isolation contradict each other, whose words are none that a host
 * writes there, or that is not what node_record_write makes of it: another member, another order.
 * The error names the node and the first difference. */
bool node_record_verify(const json_t *record, struct err *e) must_check;

#endif
