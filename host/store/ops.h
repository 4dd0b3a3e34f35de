/* ops.h -- what a batch is made of: a list of operations, each a kind and a copy of its row. A
 * driver has one statement a kind. Private to host/store. */
#ifndef ORCH_STORE_OPS_H
#define ORCH_STORE_OPS_H

#include "base/err.h"
#include "store/arena.h"
#include "store/columns.h"
#include "store/store.h"

/*     kind                row            what an error calls it */
#define STORE_OP_MAP(XX)                                                                           \
    XX(RUN_INSERT, run, "insert run")                                                              \
    XX(RUN_UPDATE, run_update, "update run")                                                       \
    XX(RUN_END, run_end, "end run")                                                                \
    XX(RUN_OPTIONS, key, "write options of run")                                                   \
    XX(RUN_THERE, lease, "find run")                                                               \
    XX(RUN_REOPEN, lease, "reopen run")                                                            \
    XX(RUN_CLAIM, lease, "claim run")                                                              \
    XX(RUN_RELEASE, lease, "release run")                                                          \
    XX(JOB_CLAIM, lease, "claim job")                                                              \
    XX(TASK_PRIORITIZE, key, "prioritize task")                                                    \
    XX(ORDER_PUT, order, "put order")                                                              \
    XX(ORDER_DONE, key, "delete orders")                                                           \
    XX(NODE_UPSERT, node, "write node")                                                            \
    XX(ATTEMPT_UPSERT, attempt, "write attempt")                                                   \
    XX(LOG_APPEND, log, "append log")                                                              \
    XX(CHECKPOINT_PUT, checkpoint, "put checkpoint")                                               \
    XX(CHECKPOINT_DELETE, key, "delete checkpoints")                                               \
    XX(PROVENANCE_PUT, provenance, "put provenance")                                               \
    XX(PROVENANCE_DELETE, key, "delete provenance")                                                \
    XX(EVENT_APPEND, event, "append event")                                                        \
    XX(STATEMENT_PUT, statement, "put statement")                                                  \
    XX(STATEMENT_REFUSE, key, "refuse statement")                                                  \
    XX(LEDGER_HEAD_PUT, ledger_head, "put ledger head")                                            \
    XX(DAG_PUT, dag, "put DAG version")                                                            \
    XX(DAG_SET_ENABLED, key, "enable or disable DAG version")                                      \
    XX(DAG_DELETE, key, "delete DAG")                                                              \
    XX(SECRET_PUT, secret, "put secret")                                                           \
    XX(SECRET_DELETE, key, "delete secret")                                                        \
    XX(PLUGIN_PUT, plugin, "put plugin")                                                           \
    XX(PLUGIN_DELETE, key, "delete plugin")                                                        \
    XX(BUNDLE_PART_PUT, bundle_part, "put part of bundle")                                         \
    XX(BUNDLE_PUT, bundle, "put bundle")                                                           \
    XX(BUNDLE_REMOVE, key, "remove bundle")                                                        \
    XX(BUNDLE_PARTS_DELETE, key, "delete parts of bundle")                                         \
    XX(BUNDLE_RELEASE, key, "release bundle")                                                      \
    XX(HOST_AGENTS, key, "tell the host's agents")                                                 \
    XX(IDEMPOTENCY_PUT, idempotency, "put idempotency key")                                        \
    XX(TOKEN_REVOKE, revoked_token, "revoke token")                                                \
    XX(IDENTITY_PUT, identity, "bind the store")                                                   \
    XX(TENANT_PUT, tenant, "put tenant")                                                           \
    XX(PURGE_IDEMPOTENCY, key, "purge idempotency keys")                                           \
    XX(PURGE_TOKENS, key, "purge revoked tokens")                                                  \
    XX(PURGE_ORDERS, key, "purge orders")                                                          \
    XX(SCHEDULE_PUT, schedule, "put schedule")                                                     \
    XX(SCHEDULE_PAUSE, schedule_move, "pause or resume schedule")                                  \
    XX(SCHEDULE_MOVE, schedule_move, "move schedule on")                                           \
    XX(SCHEDULE_DELETE, key, "delete schedule")                                                    \
    XX(FIRINGS_DELETE, key, "delete firings")                                                      \
    XX(FIRINGS_PURGE, key, "purge firings")                                                        \
    XX(FIRING_PUT, firing, "put firing")                                                           \
    XX(FIRING_NOTE, firing, "note firing")                                                         \
    XX(FIRING_TAKE, firing, "take firing")                                                         \
    XX(BACKFILL_PUT, backfill, "put backfill")                                                     \
    XX(BACKFILL_MARK, backfill_mark, "mark backfill")                                              \
    XX(BACKFILL_RUN_PUT, backfill_run, "put run of backfill")                                      \
    XX(BACKFILL_RUN_DONE, backfill_run, "end run of backfill")                                     \
    XX(BACKFILL_MOVE, backfill_move, "move backfill on")                                           \
    XX(BACKFILL_RUNS_DELETE, key, "delete runs of backfills")                                      \
    XX(BACKFILLS_DELETE, key, "delete backfills")                                                  \
    XX(LANE_VERSION_PUT, lane, "put version of lane")                                              \
    XX(LANE_PUT, lane, "put lane")                                                                 \
    XX(DEAD_LETTER_PUT, dead_letter, "put dead letter")                                            \
    XX(DEAD_LETTER_DROP, key, "drop dead letter")                                                  \
    XX(DEAD_LETTER_REPLAYED, key, "note replay of dead letter")                                    \
    XX(DEAD_LETTER_CLEAR, key, "clear dead letter")                                                \
    XX(DEAD_SNAPSHOT_PUT, dead_snapshot, "put snapshot of dead letters")                           \
    XX(QUOTA_PUT, quota, "put quota")                                                              \
    XX(QUOTA_CHANGE, quota, "change quota")                                                        \
    XX(QUOTA_DELETE, key, "delete quota")                                                          \
    XX(GATE_PUT, gate, "put run at its gate")                                                      \
    XX(GATE_JOIN, gate, "join starts")                                                             \
    XX(GATE_TAKE, gate, "take place")                                                              \
    XX(GATE_TAKE_NOW, gate, "take place at once")                                                  \
    XX(GATE_OPEN, gate, "open gate")                                                               \
    XX(GATE_END, key, "leave gates")

enum store_op {
#define XX(kind, row, text) OP_##kind,
    STORE_OP_MAP(XX)
#undef XX
        OP_COUNT,
};

struct op {
    struct op *next;
    enum store_op kind;
    const void *row; /* of the kind's type; every text lives in the batch's arena */
};

/* Whose a batch is. It only ever goes down this list, one step at a time. */
enum batch_place {
    BATCH_OPEN,     /* the caller's: it takes rows, or is freed */
    BATCH_QUEUED,   /* the queue's, under the writer's lock */
    BATCH_WRITING,  /* the thread's */
    BATCH_FINISHED, /* under the lock until store_turn delivers and frees it */
};

struct store_batch {
    struct arena *mem;
    enum batch_place place;
    struct op *first;
    struct op **end;
    size_t rows;
    size_t events;      /* of the rows */
    const char *tenant; /* whose its events are; NULL: it has none */
    /* From here on the queue's (store/writer.c). */
    struct store_batch *next;
    store_done_fn *done;
    void *arg;
    struct err *err; /* NULL: not refused. In mem. */
    int64_t first_event;
    int64_t last_event;
    bool settled; /* a driver's own, between two tries of a group: its fate is known */
};

extern const struct row_type *const op_rows[OP_COUNT];
extern const char *const op_texts[OP_COUNT];

/* The thread's: the batch completes with this error. */
void batch_refuse(struct store_batch *b, const struct err *why);

#endif
