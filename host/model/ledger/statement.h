/* statement.h -- the provenance statement of a finished run: an in-toto Statement v1 with a SLSA
 * provenance v1 predicate, and its offline verification. The DSSE envelope around it is made by
 * the authority (authority/trust/dsse.h). Pure.
 *
 *   subject[]                 the run's execution chain hash, then each completed node's output
 *   buildDefinition           the definition (id, version, hash), inputs hash, options
 *   resolvedDependencies[]    the definition and every plugin by digest
 *   runDetails.byproducts[]   one entry a completed node, its record (record.h) as annotations,
 *                             in level order, then node id */
#ifndef ORCH_MODEL_LEDGER_STATEMENT_H
#define ORCH_MODEL_LEDGER_STATEMENT_H

#include "base/err.h"
#include "base/json.h"

#include <stdbool.h>
#include <stddef.h>

#define STATEMENT_TYPE "https://in-toto.io/Statement/v1"
#define STATEMENT_PREDICATE_TYPE "https://slsa.dev/provenance/v1"
#define STATEMENT_PAYLOAD_TYPE "application/vnd.in-toto+json"
#define STATEMENT_BUILD_TYPE "https://orch.invalid/build-types/dag-run/v1"

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
    const json_t *records; /* array of node_record_json values in chain order */
};

/* The caller owns the result. */
json_t *statement_make(const struct statement_run *run) must_check;

/* What an auditor learns of a valid statement; borrows from the statement. */
struct statement_facts {
    const char *run_id, *dag_id, *dag_version, *status, *chain_hash;
    const char *builder_id; /* whose key signs: the caller compares */
    size_t node_count, plugin_count;
    int level;          /* the least of its nodes'; the highest without any */
    size_t warm_count;  /* nodes whose attempts were not separated from others of their zygote */
    size_t mixed_count; /* nodes from before isolation was written down */
};

/* Checks everything that the statement itself can contradict: every node record's hashes, that each
 * parent hash is the chain hash of a node before it, the order of times; then makes the statement
 * anew of what it says once (ids, status, options, times and records) and compares, so that
 * whatever it says twice agrees and nothing stands in it that is not known. What is free to the
 * signer is what no other member says: tenant, status, trace id, ledger head, inputs hash, the
 * versions of the host, and the records' agents, attempts and inputs. The error names the first
 * difference. The signature, and that its key is builder_id's, are the caller's to check. */
bool statement_verify(const json_t *statement, struct statement_facts *ret,
                      struct err *e) must_check;

#endif
