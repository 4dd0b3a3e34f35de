/* metrics.h -- every metric that orchd shows, in one table, and its Prometheus text (0.0.4).
 *
 * Loop thread only. A family holds at most METRIC_SERIES_MAX label sets; what comes after joins
 * one whose names (tenant, dag_id, node_id) say "other" and whose other labels stay, since those
 * have closed lists and alerts ask for them; it is counted. So no tenant can fill the memory.
 * Label values longer than METRIC_LABEL_BYTES_MAX are cut.
 *
 * Names, labels and bounds: contract/greenlang.md 8, contract/stellaops.md 9.1 and contract/mcp.md
 * 6.1, with the bounds that let the alerts fire (DESIGN.md 12). */
#ifndef ORCH_OBSERVE_METRICS_H
#define ORCH_OBSERVE_METRICS_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    METRIC_LABELS_MAX = 3,
    METRIC_SERIES_MAX = 2000,
    METRIC_LABEL_BYTES_MAX = 128,
    METRIC_BOUNDS_MAX = 16,
};

#define METRIC_BOUNDS_DAG "0.1 0.5 1.0 2.5 5.0 10.0 30.0 60.0 120.0 300.0 600.0 1800.0"
#define METRIC_BOUNDS_NODE "0.01 0.05 0.1 0.5 1.0 2.5 5.0 10.0 30.0 60.0 300.0"
#define METRIC_BOUNDS_SIZE                                                                         \
    "100.0 500.0 1000.0 5000.0 10000.0 50000.0 100000.0 500000.0 1e+06 1e+07 5e+07"
#define METRIC_BOUNDS_CHAIN "1.0 5.0 10.0 20.0 50.0 100.0 200.0 500.0"
#define METRIC_BOUNDS_WIDTH "1.0 2.0 3.0 5.0 10.0 20.0 50.0 100.0"
#define METRIC_BOUNDS_TASK "0.005 0.01 0.025 0.05 0.075 0.1 0.15 0.25 0.5 1.0 2.5 5.0 10.0"
#define METRIC_BOUNDS_HTTP "0.001 0.0025 0.005 0.01 0.025 0.05 0.1 0.25 0.5 1.0 2.5 5.0 10.0"

/* Labels in alphabetical order, which is the order in the text. */
/*     id, type, name, labels, bounds, help */
#define METRIC_MAP(XX)                                                                             \
    XX(DAG_EXECUTIONS, COUNTER, "gl_orchestrator_dag_executions_total", "dag_id status", "",       \
       "Runs that ended, by final status")                                                         \
    XX(DAG_DURATION, HISTOGRAM, "gl_orchestrator_dag_execution_duration_seconds", "dag_id",        \
       METRIC_BOUNDS_DAG, "Time from start to end of a run")                                       \
    XX(NODE_EXECUTIONS, COUNTER, "gl_orchestrator_node_executions_total", "dag_id node_id status", \
       "", "Nodes that ended after at least one attempt")                                          \
    XX(NODE_DURATION, HISTOGRAM, "gl_orchestrator_node_execution_duration_seconds",                \
       "dag_id node_id", METRIC_BOUNDS_NODE, "Time of a node over all its attempts")               \
    XX(NODE_RETRIES, COUNTER, "gl_orchestrator_node_retries_total", "dag_id node_id", "",          \
       "Retries that were made")                                                                   \
    XX(NODE_TIMEOUTS, COUNTER, "gl_orchestrator_node_timeouts_total", "dag_id node_id", "",        \
       "Attempts that timed out")                                                                  \
    XX(ACTIVE_EXECUTIONS, GAUGE, "gl_orchestrator_active_executions", "", "", "Runs in progress")  \
    XX(CHECKPOINT_OPERATIONS, COUNTER, "gl_orchestrator_checkpoint_operations_total",              \
       "operation status", "", "Checkpoint operations: save, load, delete, error, verify_failed")  \
    XX(CHECKPOINT_SIZE, HISTOGRAM, "gl_orchestrator_checkpoint_size_bytes", "",                    \
       METRIC_BOUNDS_SIZE, "Bytes of a checkpoint's outputs")                                      \
    XX(CHAIN_LENGTH, HISTOGRAM, "gl_orchestrator_provenance_chain_length", "dag_id",               \
       METRIC_BOUNDS_CHAIN, "Provenance records of a run at its end")                              \
    XX(LEVEL_WIDTH, HISTOGRAM, "gl_orchestrator_parallel_nodes_per_level", "dag_id",               \
       METRIC_BOUNDS_WIDTH, "Nodes of a level")                                                    \
    XX(VALIDATION_ERRORS, COUNTER, "gl_orchestrator_dag_validation_errors_total", "error_type",    \
       "", "Findings in definitions that were refused")                                            \
    XX(CHAIN_VALID, GAUGE, "gl_orchestrator_provenance_chain_valid", "", "",                       \
       "1 while every provenance chain that was checked held")                                     \
    XX(EXECUTION_TIMEOUT, GAUGE, "gl_orchestrator_execution_timeout_seconds", "", "",              \
       "Configured limit of a run's time, 0 for none")                                             \
    XX(QUEUED_EXECUTIONS, GAUGE, "gl_orchestrator_queued_executions", "", "",                      \
       "Runs that wait for admission")                                                             \
    XX(SHEDDING, GAUGE, "orch_admission_shedding", "reason", "",                                   \
       "1 while new runs and tasks are refused for this reason")                                   \
    XX(HELD_NODES, GAUGE, "orchestrator_held_nodes", "", "",                                       \
       "Nodes that the host cannot run now and tries again")                                       \
    XX(DB_ACTIVE, GAUGE, "gl_db_pool_active_connections", "service", "",                           \
       "Store connections at work")                                                                \
    XX(DB_PENDING, GAUGE, "gl_db_pool_pending_connections", "service", "",                         \
       "Batches that wait for the store's writer")                                                 \
    XX(RUNS, COUNTER, "orchestrator_runs_total", "status tenant", "", "Runs, by status reached")   \
    XX(RUN_DURATION, HISTOGRAM, "orchestrator_run_duration_seconds", "tenant", METRIC_BOUNDS_DAG,  \
       "Time from start to end of a run")                                                          \
    XX(QUEUE_DEPTH, GAUGE, "orchestrator_queue_depth", "tenant", "", "Work that waits")            \
    XX(DLQ_DEPTH, GAUGE, "orchestrator_dlq_depth", "tenant", "", "Dead letters")                   \
    XX(STEP_RETRIES, COUNTER, "orchestrator_step_retries_total", "tenant", "",                     \
       "Retries that were made")                                                                   \
    XX(ATTEMPTS, COUNTER, "orch_attempts_total", "outcome", "", "Sandboxed attempts that ended")   \
    XX(DEADLINE_WARNINGS, COUNTER, "orch_deadline_warnings_total", "scope", "",                    \
       "Deadlines that came near, of runs and of nodes")                                           \
    XX(DEADLINES_MISSED, COUNTER, "orch_deadlines_missed_total", "scope", "",                      \
       "Deadlines that passed, of runs and of nodes")                                              \
    XX(LANE_DEPTH, GAUGE, "orch_lane_depth", "lane", "", "Attempts that wait for a worker")        \
    XX(LANE_RUNNING, GAUGE, "orch_lane_running", "lane", "", "Attempts that have a worker")        \
    XX(LANE_SLOTS, GAUGE, "orch_lane_slots", "lane", "",                                           \
       "Regular workers; a lane with express ones has as many again")                              \
    XX(LANE_DESIRED, GAUGE, "orchestrator_lane_desired_slots", "lane", "",                         \
       "Regular workers that its load asks for")                                                   \
    XX(TASKS_ENQUEUED, COUNTER, "mcp_tasks_enqueued_total", "", "", "Tasks that lanes accepted")   \
    XX(TASKS_COMPLETED, COUNTER, "mcp_tasks_completed_total", "", "", "Tasks that ended well")     \
    XX(TASKS_FAILED, COUNTER, "mcp_tasks_failed_total", "", "", "Tasks that died")                 \
    XX(TASKS_WAITING, GAUGE, "mcp_queue_depth", "", "",                                            \
       "Tasks that wait, those that are tried again later too")                                    \
    XX(TASKS_RUNNING, GAUGE, "mcp_consumer_group_lag", "", "", "Tasks that have a worker")         \
    XX(WORKERS_ACTIVE, GAUGE, "mcp_active_workers", "", "",                                        \
       "Express workers of reasoning, codegen and ml that take tasks")                             \
    XX(WORKER_RESTARTS, COUNTER, "mcp_worker_restarts_total", "", "",                              \
       "Attempts of a lane whose process was ended by a signal or for its memory")                 \
    XX(ACK_FAILURES, COUNTER, "mcp_ack_failures_total", "", "",                                    \
       "Tasks whose entry a broker kept in spite of three acknowledgements")                       \
    XX(ACK_RATE, GAUGE, "mcp_ack_success_rate", "", "",                                            \
       "Share of the acknowledgements that a broker took; 1 without any")                          \
    XX(LATENCY_REASONING, HISTOGRAM, "mcp_task_latency_seconds_reasoning", "", METRIC_BOUNDS_TASK, \
       "Time of a task of the lane from its coming to its last commit")                            \
    XX(LATENCY_CODEGEN, HISTOGRAM, "mcp_task_latency_seconds_codegen", "", METRIC_BOUNDS_TASK,     \
       "Time of a task of the lane from its coming to its last commit")                            \
    XX(LATENCY_ML, HISTOGRAM, "mcp_task_latency_seconds_ml", "", METRIC_BOUNDS_TASK,               \
       "Time of a task of the lane from its coming to its last commit")                            \
    XX(RESIDENT, GAUGE, "process_resident_memory_bytes", "", "", "Memory of orchd itself")         \
    XX(HTTP_DURATION, HISTOGRAM, "http_request_duration_seconds", "method route status",           \
       METRIC_BOUNDS_HTTP, "Time from the request's headers to its answer")                        \
    XX(STREAM_CLIENTS, GAUGE, "orch_stream_clients", "", "", "Connected stream clients")           \
    XX(STREAM_EVENTS, COUNTER, "orch_stream_events_total", "", "", "Events published")             \
    XX(STREAM_CLOSED, COUNTER, "orch_stream_closed_total", "reason", "",                           \
       "Stream clients that the server closed")                                                    \
    XX(STATEMENTS_LEFT, GAUGE, "orch_statements_left_unsigned", "", "",                            \
       "Statements that were refused for good since the start")                                    \
    XX(CLOCK_STEPS, COUNTER, "orch_clock_steps_total", "", "",                                     \
       "Times that the wall clock was set by a second or more, either way")                        \
    XX(SERIES_DROPPED, COUNTER, "orch_metrics_series_dropped_total", "", "",                       \
       "Samples of names that are over the bound and are told as \"other\"")                       \
    XX(BUILD, GAUGE, "orch_build_info", "version", "", "Always 1")

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

enum metric_id {
#define XX(id, type, name, labels, bounds, help) METRIC_##id,
    METRIC_MAP(XX)
#undef XX
        METRIC_COUNT,
};

/* As many values as the family has labels, in the table's order; the rest NULL. */
struct metric_labels {
    const char *value[METRIC_LABELS_MAX];
};
#define METRIC_LABELS(...) ((struct metric_labels){{__VA_ARGS__}})
#define METRIC_NO_LABELS ((struct metric_labels){{NULL}})

struct metrics;

struct metrics *metrics_new(void) must_check;
/* Accepts NULL. */
void metrics_free(struct metrics *m);
DEFINE_AUTO(metrics)

/* The series is there, with 0 if it is new. Over the bound it does nothing. False: it was there. */
bool metrics_touch(struct metrics *m, enum metric_id id, struct metric_labels labels);
/* A counter (by >= 0) or a gauge (any). */
void metrics_add(struct metrics *m, enum metric_id id, struct metric_labels labels, double by);
/* A gauge. */
void metrics_set(struct metrics *m, enum metric_id id, struct metric_labels labels, double value);
/* A histogram. */
void metrics_observe(struct metrics *m, enum metric_id id, struct metric_labels labels,
                     double value);

/* Content type: text/plain; version=0.0.4; charset=utf-8 */
void metrics_text(const struct metrics *m, struct buf *ret);
/* How far a text that is made in pieces has come; all zero at first. */
struct metrics_place {
    uint32_t family;
    uint32_t series;
};
/* Appends whole series until about so many bytes are there. False: nothing was left to append.
 * What changes between two pieces is told as it is then. */
bool metrics_text_piece(const struct metrics *m, struct metrics_place *at, size_t bytes,
                        struct buf *ret) must_check;

#endif
