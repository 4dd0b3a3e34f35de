/* samples.c -- see samples.h. */
#include "samples.h"

struct store_run sample_run(const char *run_id)
{
    return (struct store_run){
        .run_id = run_id,
        .tenant = SAMPLE_TENANT,
        .dag_id = SAMPLE_DAG,
        .dag_version = "1.0.0",
        .status = STORE_RUN_RUNNING,
        .inputs_hash = SAMPLE_HASH_A,
        .trace_id = "4bf92f3577b34da6a3ce929d0e0e4736",
        .created_by = "operator",
        .input = "{\"facility\":\"F-1\",\"year\":2026}",
        .agent_digests = "{\"emissions.intake\":\"" SAMPLE_HASH_A "\",\"emissions.scope1\":null}",
        .levels = "[[\"intake\"],[\"validate\"],[\"scope1\",\"scope2\"]]",
        .seed = 42,
        .deterministic = true,
        .checkpoint_enabled = true,
        .counts = {.total = 4},
        .created_us = SAMPLE_TIME,
        .started_us = SAMPLE_TIME + 10,
        .lease_owner = SAMPLE_HOST,
        .lease_epoch = 1,
    };
}

struct store_node sample_node(const char *run_id, const char *node_id)
{
    return (struct store_node){
        .run_id = run_id,
        .tenant = SAMPLE_TENANT,
        .node_id = node_id,
        .agent_id = "emissions.scope1",
        .status = STORE_NODE_COMPLETED,
        .input_hash = SAMPLE_HASH_A,
        .output_hash = SAMPLE_HASH_B,
        .chain_hash = SAMPLE_HASH_A,
        .sandbox = "{\"isolation\":\"cold\"}",
        .duration_ms = 12.5,
        .attempts = 1,
        .level = 2,
        .started_us = SAMPLE_TIME + 20,
        .completed_us = SAMPLE_TIME + 12520,
    };
}

struct store_attempt sample_attempt(const char *run_id, const char *node_id, int64_t attempt)
{
    return (struct store_attempt){
        .run_id = run_id,
        .tenant = SAMPLE_TENANT,
        .node_id = node_id,
        .attempt = attempt,
        .outcome = "ok",
        .detail = "{\"profile\":\"pure\",\"layers\":127,\"cpu_ms\":3}",
        .started_us = SAMPLE_TIME + 20,
        .completed_us = SAMPLE_TIME + 12520,
    };
}

struct store_checkpoint sample_checkpoint(const char *run_id, const char *node_id)
{
    return (struct store_checkpoint){
        .run_id = run_id,
        .tenant = SAMPLE_TENANT,
        .node_id = node_id,
        .status = STORE_NODE_COMPLETED,
        .outputs = "{\"kg_co2e\":1234.5}",
        .output_hash = SAMPLE_HASH_B,
        .attempts = 1,
        .created_us = SAMPLE_TIME + 12520,
    };
}

struct store_provenance sample_provenance(const char *run_id, const char *node_id)
{
    return (struct store_provenance){
        .run_id = run_id,
        .tenant = SAMPLE_TENANT,
        .node_id = node_id,
        .input_hash = SAMPLE_HASH_A,
        .output_hash = SAMPLE_HASH_B,
        .parent_hashes = "[\"" SAMPLE_HASH_A "\"]",
        .chain_hash = SAMPLE_HASH_A,
        .record_hash = SAMPLE_HASH_B,
        .record = "{\"agent_id\":\"emissions.scope1\",\"chain_hash\":\"" SAMPLE_HASH_A
                  "\",\"input_hash\":\"" SAMPLE_HASH_A "\",\"output_hash\":\"" SAMPLE_HASH_B "\"}",
        .duration_ms = 12.5,
        .attempts = 1,
        .created_us = SAMPLE_TIME + 12520,
    };
}

struct store_event sample_event(const char *run_id, int64_t n, const char *type)
{
    return (struct store_event){
        .n = n,
        .tenant = SAMPLE_TENANT,
        .run_id = run_id,
        .dag_id = SAMPLE_DAG,
        .type = type,
        .status = "running",
        .trace_id = "4bf92f3577b34da6a3ce929d0e0e4736",
        .at_us = SAMPLE_TIME + n,
        .payload = "{\"actor\":\"host\",\"status\":\"running\"}",
        .prev_hash = SAMPLE_HASH_A,
        .hash = SAMPLE_HASH_B,
    };
}

struct store_log sample_log(const char *run_id, const char *node_id, const char *text)
{
    return (struct store_log){
        .run_id = run_id,
        .tenant = SAMPLE_TENANT,
        .node_id = node_id,
        .attempt = 1,
        .level = "info",
        .text = text,
        .at_us = SAMPLE_TIME + 30,
    };
}

struct store_dag sample_dag(const char *dag_id, const char *version)
{
    return (struct store_dag){
        .tenant = SAMPLE_TENANT,
        .dag_id = dag_id,
        .version = version,
        .name = "Emissions",
        .definition = "{\"nodes\":{}}",
        .hash = SAMPLE_HASH_A,
        .on_failure = "fail_fast",
        .max_parallel_nodes = 10,
        .enabled = true,
        .created_us = SAMPLE_TIME,
        .updated_us = SAMPLE_TIME,
    };
}

struct store_run_end sample_run_end(const char *run_id)
{
    return (struct store_run_end){
        .tenant = SAMPLE_TENANT,
        .run_id = run_id,
        .status = STORE_RUN_COMPLETED,
        .output = "{\"total\":1}",
        .outputs_hash = SAMPLE_HASH_B,
        .chain_hash = SAMPLE_HASH_A,
        .counts = {.total = 4, .completed = 4},
        .completed_us = SAMPLE_TIME + 50000,
    };
}

void sample_step(struct store_batch *b, const char *run_id, const char *node_id, int64_t n)
{
    const struct store_node node = sample_node(run_id, node_id);
    const struct store_attempt attempt = sample_attempt(run_id, node_id, 1);
    const struct store_checkpoint checkpoint = sample_checkpoint(run_id, node_id);
    const struct store_provenance provenance = sample_provenance(run_id, node_id);
    const struct store_event started = sample_event(run_id, n, "step.updated");
    const struct store_event ended = sample_event(run_id, n + 1, "step.updated");

    store_batch_node_upsert(b, &node);
    store_batch_attempt_upsert(b, &attempt);
    store_batch_checkpoint_put(b, &checkpoint);
    store_batch_provenance_put(b, &provenance);
    store_batch_event_append(b, &started);
    store_batch_event_append(b, &ended);
}
