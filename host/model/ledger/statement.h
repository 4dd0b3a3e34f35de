/* statement.h -- the provenance statement of a finished run: an in-toto Statement v1 with a SLSA
 * provenance v1 predicate, and its offline verification. The DSSE envelope around it is made by
 * the authority (authority/trust/dsse.h). Pure.
 *
 *   subject[]                 the run's execution chain hash, then each completed node's output
 *   buildDefinition           the definition (id, version, hash), inputs hash, options
 *   resolvedDependencies[]    the definition and every plugin by digest
 *   runDetails.byproducts[]   one entry a completed node, its record (record.h) as annotations,
 *                             in level order, then node id; with its parents by place (places.h)
 *   runDetails.orch           the ledger's head, the trace, how each other node ended, and the run
 *                             that this one restarted
 *
 * buildType names the format. v1 is what hosts signed until 0.1.0: its records have their parents'
 * hashes, it tells nothing of other nodes, and one of a dense graph was too large to sign. It is
 * verified as before, and no longer made. */
#ifndef ORCH_MODEL_LEDGER_STATEMENT_H
#define ORCH_MODEL_LEDGER_STATEMENT_H

#include "base/err.h"
#include "base/json.h"
#include "model/ledger/record.h"

#include <stdbool.h>
#include <stddef.h>

#define STATEMENT_TYPE "https://in-toto.io/Statement/v1"
#define STATEMENT_PREDICATE_TYPE "https://slsa.dev/provenance/v1"
#define STATEMENT_PAYLOAD_TYPE "application/vnd.in-toto+json"
#define STATEMENT_BUILD_TYPE_V1 "https://orch.invalid/build-types/dag-run/v1"
#define STATEMENT_BUILD_TYPE "https://orch.invalid/build-types/dag-run/v2"

/* Borrows everything. */
struct statement_run {
    const char *run_id, *tenant, *status, *trace_id;
    const char *dag_id, *dag_version, *dag_hash;
    const char *inputs_hash;
    const char *chain_hash;  /* execution chain hash */
    const char *ledger_head; /* hash of the run's last event before the statement */
    const char *started_at, *ended_at;
    const char *builder_id;      /* names the host's signing key */
    const char *builder_version; /* NULL: this program's */
    bool deterministic;
    bool v1;                            /* only to verify one */
    const char *restart_of;             /* the run from which it has its first nodes; NULL: none */
    const struct record_parts *records; /* in chain order */
    size_t record_count;
    const char *others; /* canonical JSON of an object: node id to state, of the nodes without a
                           record; NULL: none */
};

/* Appends the statement in canonical form, as it is signed. ERR_CORRUPT: the records contradict
 * each other (an operator deleted a checkpoint and the node ran again behind its children); that is
 * not signed. */
bool statement_make(const struct statement_run *run, struct buf *b, struct err *e) must_check;
/* The same as a tree, of records and others that are trees; the caller owns *ret. */
bool statement_tree(const struct statement_run *run, const json_t *records, const json_t *others,
                    json_t **ret, struct err *e) must_check;

/* What an auditor learns of a valid statement; borrows from the statement. */
struct statement_facts {
    const char *run_id, *dag_id, *dag_version, *status, *chain_hash;
    const char *builder_id; /* whose key signs: the caller compares */
    size_t node_count, plugin_count;
    int level;          /* the least of its nodes'; the highest without any */
    size_t warm_count;  /* nodes whose attempts were not separated from others of their zygote */
    size_t mixed_count; /* nodes from before isolation was written down */
};

/* Checks everything that the statement itself can contradict: every record's hashes and words, that
 * each parent is a node before it which had ended when it began, the order of times, the status
 * against the states of all nodes; then makes the statement anew of what it says once (ids, status,
 * options, times and records) and compares, so that whatever it says twice agrees and nothing
 * stands in it that is not known. What is left to the signer is what no other member says:
 * tests/unit/cli/ledger/mutation_test.c lists it, with the reasons. The error names the first
 * difference. The signature, and that its key is builder_id's, are the caller's to check. */
bool statement_verify(const json_t *statement, struct statement_facts *ret,
                      struct err *e) must_check;

#endif
