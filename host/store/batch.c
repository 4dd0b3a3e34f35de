/* batch.c -- see batch.h. Every call is one row for op_rows to copy. */
#include "store/batch.h"

#include "base/mem.h"
#include "store/arena.h"
#include "store/ops.h"

#include <assert.h>
#include <string.h>

const struct row_type *const op_rows[OP_COUNT] = {
#define XX(kind, row, text) [OP_##kind] = &row_##row,
    STORE_OP_MAP(XX)
#undef XX
};

const char *const op_texts[OP_COUNT] = {
#define XX(kind, row, text) [OP_##kind] = text,
    STORE_OP_MAP(XX)
#undef XX
};

struct store_batch *store_batch_new(void)
{
    struct arena *mem = arena_new();
    struct store_batch *b = arena_alloc(mem, sizeof *b);

    *b = (struct store_batch){.mem = mem};
    b->end = &b->first;
    return b;
}

/* The batch lives in its own arena. */
void store_batch_free(struct store_batch *b)
{
    if (b == NULL)
        return;
    assert(b->place == BATCH_OPEN || b->place == BATCH_FINISHED);
    arena_free(b->mem);
}

size_t store_batch_bytes(const struct store_batch *b)
{
    return arena_bytes(b->mem);
}

static void copy_text(struct arena *mem, const char **text, bool may_be_null)
{
    assert(*text != NULL || may_be_null);
    if (*text != NULL)
        *text = arena_copy(mem, *text, strlen(*text));
}

static void copy_blob(struct arena *mem, const void **blob)
{
    size_t bytes;

    memcpy(&bytes, (const char *)blob + sizeof *blob, sizeof bytes);
    assert(*blob != NULL || bytes == 0);
    *blob = arena_copy(mem, *blob, bytes);
}

static void add(struct store_batch *b, enum store_op kind, const void *row)
{
    const struct row_type *type = op_rows[kind];
    char *copy = arena_alloc(b->mem, type->bytes);
    struct op *op = arena_alloc(b->mem, sizeof *op);

    assert(b->place == BATCH_OPEN); /* afterwards the thread reads it */
    memcpy(copy, row, type->bytes);
    for (size_t i = 0; i < type->count; i++) {
        const struct column *c = &type->columns[i];
        void *member = copy + c->offset;

        if (c->kind == COL_TEXT || c->kind == COL_HASH)
            copy_text(b->mem, member, false);
        else if (c->kind == COL_TEXT_NULL || c->kind == COL_HASH_NULL)
            copy_text(b->mem, member, true);
        else if (c->kind == COL_BLOB)
            copy_blob(b->mem, member);
    }
    *op = (struct op){.kind = kind, .row = copy};
    *b->end = op;
    b->end = &op->next;
    b->rows++;
}

void batch_refuse(struct store_batch *b, const struct err *why)
{
    b->err = arena_alloc(b->mem, sizeof *b->err);
    *b->err = *why;
    b->first_event = b->last_event = 0;
}

void store_batch_run_insert(struct store_batch *b, const struct store_run *run)
{
    add(b, OP_RUN_INSERT, run);
}

void store_batch_run_update(struct store_batch *b, const struct store_run_update *u)
{
    add(b, OP_RUN_UPDATE, u);
}

void store_batch_run_end(struct store_batch *b, const struct store_run_end *end)
{
    add(b, OP_RUN_END, end);
}

void store_batch_run_reopen(struct store_batch *b, const char *tenant, const char *run_id,
                            const char *owner, int64_t epoch)
{
    const struct lease_args args = {tenant, run_id, owner, epoch};

    add(b, OP_RUN_THERE, &args);
    add(b, OP_RUN_REOPEN, &args);
    add(b, OP_ORDER_DONE, &(struct key_args){.tenant = tenant, .id = run_id});
}

void store_batch_run_options(struct store_batch *b, const char *tenant, const char *run_id,
                             const char *options)
{
    add(b, OP_RUN_OPTIONS, &(struct key_args){.tenant = tenant, .id = run_id, .more = options});
}

void store_batch_task_prioritize(struct store_batch *b, const char *tenant, const char *run_id,
                                 int32_t priority)
{
    add(b, OP_TASK_PRIORITIZE,
        &(struct key_args){.tenant = tenant, .id = run_id, .number = priority});
}

void store_batch_run_claim(struct store_batch *b, const char *run_id, const char *owner,
                           int64_t epoch)
{
    add(b, OP_RUN_CLAIM, &(struct lease_args){NULL, run_id, owner, epoch});
}

void store_batch_run_release(struct store_batch *b, const char *run_id, const char *owner,
                             int64_t epoch)
{
    add(b, OP_RUN_RELEASE, &(struct lease_args){NULL, run_id, owner, epoch});
}

void store_batch_job_claim(struct store_batch *b, const char *job, const char *owner, int64_t epoch)
{
    add(b, OP_JOB_CLAIM, &(struct lease_args){NULL, job, owner, epoch});
}

void store_batch_order_put(struct store_batch *b, const struct store_order *order)
{
    add(b, OP_ORDER_PUT, order);
}

void store_batch_order_done(struct store_batch *b, const char *tenant, const char *run_id,
                            int64_t order_no)
{
    assert(order_no > 0); /* 0: all of the run */
    add(b, OP_ORDER_DONE, &(struct key_args){.tenant = tenant, .id = run_id, .number = order_no});
}

void store_batch_node_upsert(struct store_batch *b, const struct store_node *node)
{
    add(b, OP_NODE_UPSERT, node);
}

void store_batch_attempt_upsert(struct store_batch *b, const struct store_attempt *attempt)
{
    add(b, OP_ATTEMPT_UPSERT, attempt);
}

void store_batch_log_append(struct store_batch *b, const struct store_log *log)
{
    add(b, OP_LOG_APPEND, log);
}

void store_batch_checkpoint_put(struct store_batch *b, const struct store_checkpoint *checkpoint)
{
    add(b, OP_CHECKPOINT_PUT, checkpoint);
}

void store_batch_checkpoint_delete(struct store_batch *b, const char *tenant, const char *run_id,
                                   const char *node_id)
{
    add(b, OP_CHECKPOINT_DELETE,
        &(struct key_args){.tenant = tenant, .id = run_id, .more = node_id});
}

void store_batch_provenance_put(struct store_batch *b, const struct store_provenance *record)
{
    add(b, OP_PROVENANCE_PUT, record);
}

void store_batch_provenance_delete(struct store_batch *b, const char *tenant, const char *run_id,
                                   const char *node_id)
{
    add(b, OP_PROVENANCE_DELETE,
        &(struct key_args){.tenant = tenant, .id = run_id, .more = node_id});
}

void store_batch_event_append(struct store_batch *b, const struct store_event *event)
{
    assert(b->tenant == NULL || strcmp(b->tenant, event->tenant) == 0);
    add(b, OP_EVENT_APPEND, event);
    b->events++;
    if (b->tenant == NULL)
        b->tenant = arena_copy(b->mem, event->tenant, strlen(event->tenant));
}

void store_batch_statement_put(struct store_batch *b, const struct store_statement *statement)
{
    add(b, OP_STATEMENT_PUT, statement);
}

void store_batch_statement_refuse(struct store_batch *b, const char *tenant, const char *run_id,
                                  const char *why)
{
    add(b, OP_STATEMENT_REFUSE, &(struct key_args){.tenant = tenant, .id = run_id, .more = why});
}

void store_batch_ledger_head_put(struct store_batch *b, const struct store_ledger_head *head)
{
    add(b, OP_LEDGER_HEAD_PUT, head);
}

void store_batch_dag_put(struct store_batch *b, const struct store_dag *dag)
{
    add(b, OP_DAG_PUT, dag);
}

void store_batch_dag_set_enabled(struct store_batch *b, const char *tenant, const char *dag_id,
                                 const char *version, bool enabled, int64_t now_us)
{
    add(b, OP_DAG_SET_ENABLED, &(struct key_args){tenant, dag_id, version, enabled, now_us});
}

void store_batch_dag_delete(struct store_batch *b, const char *tenant, const char *dag_id,
                            int64_t now_us)
{
    add(b, OP_DAG_DELETE, &(struct key_args){.tenant = tenant, .id = dag_id, .time_us = now_us});
}

void store_batch_secret_put(struct store_batch *b, const struct store_secret *secret)
{
    add(b, OP_SECRET_PUT, secret);
}

void store_batch_secret_delete(struct store_batch *b, const char *tenant, const char *name,
                               int64_t version)
{
    add(b, OP_SECRET_DELETE, &(struct key_args){.tenant = tenant, .id = name, .number = version});
}

void store_batch_plugin_put(struct store_batch *b, const struct store_plugin *plugin)
{
    add(b, OP_PLUGIN_PUT, plugin);
}

void store_batch_plugin_delete(struct store_batch *b, const char *tenant, const char *plugin_id,
                               const char *version)
{
    add(b, OP_PLUGIN_DELETE,
        &(struct key_args){.tenant = tenant, .id = plugin_id, .more = version});
}

void store_batch_bundle_put(struct store_batch *b, const struct store_bundle *bundle)
{
    add(b, OP_BUNDLE_PUT, bundle);
}

void store_batch_bundle_part_put(struct store_batch *b, const struct store_bundle_part *part)
{
    add(b, OP_BUNDLE_PART_PUT, part);
}

void store_batch_bundle_remove(struct store_batch *b, const char *tenant, const char *bundle_hash,
                               int64_t now_us)
{
    const struct key_args key = {.tenant = tenant, .id = bundle_hash, .time_us = now_us};

    add(b, OP_BUNDLE_REMOVE, &key);
    add(b, OP_BUNDLE_PARTS_DELETE, &key);
}

void store_batch_bundle_release(struct store_batch *b, const char *tenant, const char *bundle_hash,
                                int64_t now_us)
{
    add(b, OP_BUNDLE_RELEASE,
        &(struct key_args){.tenant = tenant, .id = bundle_hash, .time_us = now_us});
}

void store_batch_host_agents(struct store_batch *b, const char *host_id, int64_t epoch,
                             const char *agents)
{
    add(b, OP_HOST_AGENTS,
        &(struct key_args){.tenant = "", .id = host_id, .more = agents, .number = epoch});
}

void store_batch_schedule_put(struct store_batch *b, const struct store_schedule *schedule)
{
    add(b, OP_SCHEDULE_PUT, schedule);
}

void store_batch_schedule_pause(struct store_batch *b, const struct store_schedule_move *move)
{
    add(b, OP_SCHEDULE_PAUSE, move);
}

void store_batch_schedule_move(struct store_batch *b, const struct store_schedule_move *move)
{
    add(b, OP_SCHEDULE_MOVE, move);
}

void store_batch_schedule_delete(struct store_batch *b, const char *tenant, const char *schedule_id)
{
    const struct key_args key = {.tenant = tenant, .id = schedule_id};

    add(b, OP_SCHEDULE_DELETE, &key);
    add(b, OP_FIRINGS_DELETE, &key);
    add(b, OP_BACKFILL_RUNS_DELETE, &key);
    add(b, OP_BACKFILLS_DELETE, &key);
}

void store_batch_firing_put(struct store_batch *b, const struct store_firing *firing)
{
    add(b, OP_FIRING_PUT, firing);
}

void store_batch_firing_note(struct store_batch *b, const struct store_firing *firing)
{
    add(b, OP_FIRING_NOTE, firing);
}

void store_batch_firing_take(struct store_batch *b, const struct store_firing *firing)
{
    add(b, OP_FIRING_TAKE, firing);
}

void store_batch_backfill_put(struct store_batch *b, const struct store_backfill *backfill)
{
    add(b, OP_BACKFILL_PUT, backfill);
}

void store_batch_backfill_mark(struct store_batch *b, const struct store_backfill_mark *mark)
{
    add(b, OP_BACKFILL_MARK, mark);
}

void store_batch_backfill_move(struct store_batch *b, const struct store_backfill_move *move)
{
    add(b, OP_BACKFILL_MOVE, move);
}

void store_batch_backfill_run_put(struct store_batch *b, const struct store_backfill_run *run)
{
    add(b, OP_BACKFILL_RUN_PUT, run);
}

void store_batch_backfill_run_done(struct store_batch *b, const struct store_backfill_run *run)
{
    add(b, OP_BACKFILL_RUN_DONE, run);
}

void store_batch_dead_letter_put(struct store_batch *b, const struct store_dead_letter *letter)
{
    add(b, OP_DEAD_LETTER_PUT, letter);
}

void store_batch_dead_letter_replayed(struct store_batch *b, const char *tenant,
                                      const char *dead_letter_id, const char *task_id)
{
    add(b, OP_DEAD_LETTER_REPLAYED,
        &(struct key_args){.tenant = tenant,
                           .id = dead_letter_id,
                           .more = task_id,
                           .number = STORE_REPLAYS_BYTES_MAX});
}

void store_batch_dead_letter_clear(struct store_batch *b, const char *tenant,
                                   const char *dead_letter_id, int64_t deaths)
{
    add(b, OP_DEAD_LETTER_CLEAR,
        &(struct key_args){.tenant = tenant, .id = dead_letter_id, .number = deaths});
}

void store_batch_dead_snapshot_put(struct store_batch *b,
                                   const struct store_dead_snapshot *snapshot)
{
    add(b, OP_DEAD_SNAPSHOT_PUT, snapshot);
}

void store_batch_dead_letter_drop(struct store_batch *b, const char *tenant,
                                  const char *dead_letter_id)
{
    add(b, OP_DEAD_LETTER_DROP, &(struct key_args){.tenant = tenant, .id = dead_letter_id});
}

void store_batch_lane_put(struct store_batch *b, const struct store_lane *lane)
{
    add(b, OP_LANE_VERSION_PUT, lane);
    add(b, OP_LANE_PUT, lane);
}

void store_batch_quota_put(struct store_batch *b, const struct store_quota *quota)
{
    add(b, OP_QUOTA_PUT, quota);
}

void store_batch_quota_change(struct store_batch *b, const struct store_quota *quota)
{
    add(b, OP_QUOTA_CHANGE, quota);
}

void store_batch_quota_delete(struct store_batch *b, const char *tenant, const char *quota_id,
                              int64_t version)
{
    add(b, OP_QUOTA_DELETE,
        &(struct key_args){.tenant = tenant, .id = quota_id, .number = version});
}

void store_batch_gate_put(struct store_batch *b, const struct store_gate *gate)
{
    add(b, OP_GATE_PUT, gate);
}

void store_batch_gate_join(struct store_batch *b, const struct store_gate *gate)
{
    add(b, OP_GATE_JOIN, gate);
}

void store_batch_gate_take(struct store_batch *b, const struct store_gate *gate)
{
    add(b, OP_GATE_TAKE, gate);
}

void store_batch_gate_take_now(struct store_batch *b, const struct store_gate *gate)
{
    add(b, OP_GATE_TAKE_NOW, gate);
}

void store_batch_gate_open(struct store_batch *b, const struct store_gate *gate)
{
    add(b, OP_GATE_OPEN, gate);
}

void store_batch_gate_end(struct store_batch *b, const char *tenant, const char *run_id)
{
    add(b, OP_GATE_END, &(struct key_args){.tenant = tenant, .id = run_id});
}

void store_batch_idempotency_put(struct store_batch *b, const struct store_idempotency *row)
{
    add(b, OP_IDEMPOTENCY_PUT, row);
}

void store_batch_token_revoke(struct store_batch *b, const struct store_revoked_token *token)
{
    add(b, OP_TOKEN_REVOKE, token);
}

void store_batch_identity_put(struct store_batch *b, const struct store_identity *identity)
{
    add(b, OP_IDENTITY_PUT, identity);
}

void store_batch_tenant_put(struct store_batch *b, const struct store_tenant *tenant)
{
    add(b, OP_TENANT_PUT, tenant);
}

void store_batch_firings_purge(struct store_batch *b, const char *tenant, const char *schedule_id,
                               int64_t before_us)
{
    add(b, OP_FIRINGS_PURGE,
        &(struct key_args){.tenant = tenant, .id = schedule_id, .time_us = before_us});
}

void store_batch_purge_expired(struct store_batch *b, int64_t now_us)
{
    const struct key_args before = {.tenant = "", .id = "", .time_us = now_us};

    add(b, OP_PURGE_IDEMPOTENCY, &before);
    add(b, OP_PURGE_TOKENS, &before);
    add(b, OP_PURGE_ORDERS, &before);
}
