/* samples.h -- rows that look like real ones, for the store's tests and its bench. The texts that
 * a caller gives are borrowed; all others are constants. */
#ifndef ORCH_TESTS_STORE_SAMPLES_H
#define ORCH_TESTS_STORE_SAMPLES_H

#include "store/store.h"

#define SAMPLE_TENANT "acme"
#define SAMPLE_HOST "host-a"
#define SAMPLE_DAG "emissions"
#define SAMPLE_HASH_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define SAMPLE_HASH_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define SAMPLE_TIME INT64_C(1790000000000000)

struct store_run sample_run(const char *run_id);
struct store_node sample_node(const char *run_id, const char *node_id);
struct store_attempt sample_attempt(const char *run_id, const char *node_id, int64_t attempt);
struct store_checkpoint sample_checkpoint(const char *run_id, const char *node_id);
struct store_provenance sample_provenance(const char *run_id, const char *node_id);
struct store_event sample_event(const char *run_id, int64_t n, const char *type);
struct store_log sample_log(const char *run_id, const char *node_id, const char *text);
struct store_dag sample_dag(const char *dag_id, const char *version);
struct store_run_end sample_run_end(const char *run_id);

/* What one completed step writes: node, attempt, checkpoint, provenance, two events. */
enum { SAMPLE_STEP_ROWS = 6 };
void sample_step(struct store_batch *b, const char *run_id, const char *node_id, int64_t n);

#endif
