/* wave.c -- see wave.h. An operation reads and writes things: a run's being there, its lease, the
 * rest of its row, a node's rows. One that writes a thing must come behind every other that touched
 * it, one that reads it behind those that wrote it. */
#include "store/postgres/wave.h"

#include "base/mem.h"
#include "store/batch.h"

#include <assert.h>
#include <string.h>

enum thing {
    NOTHING,
    RUN_THERE,
    RUN_LEASE,
    RUN_ROW,
    NODE,
    ATTEMPT,
    CHECKPOINT,
    CHECKPOINTS_OF_RUN,
    PROVENANCE,
    PROVENANCE_OF_RUN,
    DAG,
    SECRET,
    PLUGIN,
    BUNDLES,
    BUNDLE_PARTS,
    HOST,
    TENANT,
    KEYS,
    TOKENS,
    JOB,
    ORDERS,
    SCHEDULE,
    FIRING,
    FIRINGS_OF_SCHEDULE,
    BACKFILLS, /* of a schedule */
    LANE,
    LETTER,
    QUOTAS, /* of a tenant */
    GATES,  /* of a run, and of a key */
};

enum { TOUCHES_MAX = 3, FIRST_CAP = 256, NEVER = -1 };

struct touch {
    uint64_t hash;
    bool writes;
};

struct touches {
    struct touch of[TOUCHES_MAX];
    size_t count;
};

struct touched {
    uint64_t hash; /* 0: a free place */
    int last;      /* kind of the last that touched it, in the order of the kinds */
    int written;   /* the same of those that wrote it */
};

void wave_done(struct wave *w)
{
    free(w->touched);
}

void wave_next(struct wave *w)
{
    if (w->count > 0)
        memset(w->touched, 0, w->cap * sizeof *w->touched);
    w->count = 0;
}

/* FNV-1a. */
static uint64_t hash_add(uint64_t hash, const char *text)
{
    for (; *text != '\0'; text++)
        hash = (hash ^ (uint8_t)*text) * UINT64_C(1099511628211);
    return (hash ^ 0xff) * UINT64_C(1099511628211);
}

static void add(struct touches *t, bool writes, enum thing thing, const char *a, const char *b,
                int64_t number)
{
    uint64_t hash = UINT64_C(14695981039346656037) + thing;

    assert(t->count < TOUCHES_MAX);
    hash = hash_add(hash_add(hash, a), b);
    hash = (hash ^ (uint64_t)number) * UINT64_C(1099511628211);
    t->of[t->count++] = (struct touch){hash != 0 ? hash : 1, writes};
}

static void reads(struct touches *t, enum thing thing, const char *a)
{
    add(t, false, thing, a, "", 0);
}

static void changes(struct touches *t, enum thing thing, const char *a, const char *b)
{
    add(t, true, thing, a, b, 0);
}

static void run_row(struct touches *t, const char *run_id)
{
    reads(t, RUN_THERE, run_id);
    changes(t, RUN_ROW, run_id, "");
}

static void of_node(struct touches *t, enum thing thing, enum thing all, const char *run_id,
                    const char *node_id)
{
    reads(t, RUN_THERE, run_id);
    if (all != NOTHING)
        reads(t, all, run_id);
    changes(t, thing, run_id, node_id);
}

static void of_attempt(struct touches *t, const struct store_attempt *a)
{
    reads(t, RUN_THERE, a->run_id);
    add(t, true, ATTEMPT, a->run_id, a->node_id, a->attempt * 2 + (a->compensation ? 1 : 0));
}

/* Long: a case for each kind. */
static void of_key(struct touches *t, enum store_op kind, const struct key_args *key)
{
    switch (kind) {
    case OP_STATEMENT_REFUSE:
    case OP_TASK_PRIORITIZE:
    case OP_RUN_OPTIONS:
        run_row(t, key->id);
        break;
    case OP_ORDER_DONE:
        changes(t, ORDERS, key->id, "");
        break;
    case OP_PURGE_ORDERS:
        changes(t, ORDERS, "", "");
        break;
    case OP_CHECKPOINT_DELETE:
        changes(t, CHECKPOINTS_OF_RUN, key->id, "");
        break;
    case OP_PROVENANCE_DELETE:
        changes(t, PROVENANCE_OF_RUN, key->id, "");
        break;
    case OP_DAG_SET_ENABLED:
    case OP_DAG_DELETE:
        changes(t, DAG, key->tenant, key->id);
        break;
    case OP_SECRET_DELETE:
        changes(t, SECRET, key->tenant, key->id);
        break;
    case OP_PLUGIN_DELETE:
        changes(t, PLUGIN, key->tenant, key->id);
        break;
    case OP_BUNDLE_REMOVE:
    case OP_BUNDLE_RELEASE:
        changes(t, BUNDLES, key->tenant, "");
        break;
    case OP_HOST_AGENTS:
        changes(t, HOST, key->id, "");
        break;
    case OP_BUNDLE_PARTS_DELETE:
        changes(t, BUNDLE_PARTS, key->tenant, key->id);
        break;
    case OP_SCHEDULE_DELETE:
        changes(t, SCHEDULE, key->id, "");
        break;
    case OP_BACKFILL_RUNS_DELETE:
    case OP_BACKFILLS_DELETE:
        changes(t, BACKFILLS, key->id, "");
        break;
    case OP_QUOTA_DELETE:
        changes(t, QUOTAS, key->tenant, "");
        break;
    case OP_DEAD_LETTER_DROP:
    case OP_DEAD_LETTER_REPLAYED:
    case OP_DEAD_LETTER_CLEAR:
        changes(t, LETTER, key->id, "");
        break;
    case OP_FIRINGS_PURGE: /* of others than are put beside it */
        reads(t, FIRINGS_OF_SCHEDULE, key->id);
        break;
    case OP_FIRINGS_DELETE:
        changes(t, FIRINGS_OF_SCHEDULE, key->id, "");
        break;
    case OP_DEAD_SNAPSHOT_PUT:
        break; /* only ever added */
    case OP_PURGE_IDEMPOTENCY:
        changes(t, KEYS, "", "");
        break;
    default:
        changes(t, TOKENS, "", "");
        break;
    }
}

static void of_run(struct touches *t, const struct store_run *run)
{
    changes(t, RUN_THERE, run->run_id, "");
    changes(t, RUN_LEASE, run->run_id, "");
    changes(t, RUN_ROW, run->run_id, "");
}

static void of_lease(struct touches *t, enum store_op kind, const struct lease_args *lease)
{
    if (kind == OP_JOB_CLAIM) {
        changes(t, JOB, lease->id, "");
        return;
    }
    reads(t, RUN_THERE, lease->id);
    if (kind == OP_RUN_THERE)
        return;
    changes(t, RUN_LEASE, lease->id, "");
    if (kind == OP_RUN_REOPEN)
        changes(t, RUN_ROW, lease->id, "");
    else
        reads(t, RUN_ROW, lease->id);
}

static void of_order(struct touches *t, const struct store_order *order)
{
    reads(t, RUN_THERE, order->run_id);
    reads(t, RUN_ROW, order->run_id);
    changes(t, ORDERS, order->run_id, "");
}

static void of_whole_run(struct touches *t, const struct op *op)
{
    const void *row = op->row;

    switch (op->kind) {
    case OP_RUN_THERE:
    case OP_RUN_REOPEN:
    case OP_RUN_CLAIM:
    case OP_RUN_RELEASE:
    case OP_JOB_CLAIM:
        of_lease(t, op->kind, row);
        break;
    case OP_ORDER_PUT:
        of_order(t, row);
        break;
    case OP_RUN_INSERT:
        of_run(t, row);
        break;
    case OP_RUN_UPDATE:
        run_row(t, ((const struct store_run_update *)row)->run_id);
        break;
    case OP_RUN_END:
        run_row(t, ((const struct store_run_end *)row)->run_id);
        break;
    default:
        run_row(t, ((const struct store_statement *)row)->run_id);
        break;
    }
}

static void of_nodes(struct touches *t, const struct op *op)
{
    const struct store_node *node = op->row;
    const struct store_checkpoint *checkpoint = op->row;
    const struct store_provenance *record = op->row;
    const struct store_log *log = op->row;

    if (op->kind == OP_NODE_UPSERT)
        of_node(t, NODE, NOTHING, node->run_id, node->node_id);
    else if (op->kind == OP_ATTEMPT_UPSERT)
        of_attempt(t, op->row);
    else if (op->kind == OP_CHECKPOINT_PUT)
        of_node(t, CHECKPOINT, CHECKPOINTS_OF_RUN, checkpoint->run_id, checkpoint->node_id);
    else if (op->kind == OP_PROVENANCE_PUT)
        of_node(t, PROVENANCE, PROVENANCE_OF_RUN, record->run_id, record->node_id);
    else
        reads(t, RUN_THERE, log->run_id);
}

static void of_gate(struct touches *t, const struct op *op)
{
    const struct store_gate *gate = op->row;

    if (op->kind == OP_GATE_END) {
        changes(t, GATES, ((const struct key_args *)op->row)->id, "");
        return;
    }
    changes(t, GATES, gate->run_id, "");
    changes(t, GATES, gate->dag_id, gate->gate_key);
}

static void of_others(struct touches *t, const struct op *op)
{
    const struct store_dag *dag = op->row;
    const struct store_secret *secret = op->row;
    const struct store_plugin *plugin = op->row;
    const struct store_bundle *bundle = op->row;
    const struct store_bundle_part *part = op->row;
    const struct store_tenant *tenant = op->row;
    const struct store_quota *quota = op->row;

    if (op->kind == OP_DAG_PUT)
        changes(t, DAG, dag->tenant, dag->dag_id);
    else if (op->kind == OP_SECRET_PUT)
        changes(t, SECRET, secret->tenant, secret->name);
    else if (op->kind == OP_PLUGIN_PUT)
        changes(t, PLUGIN, plugin->tenant, plugin->plugin_id);
    else if (op->kind == OP_BUNDLE_PUT)
        changes(t, BUNDLES, bundle->tenant, "");
    else if (op->kind == OP_BUNDLE_PART_PUT)
        changes(t, BUNDLE_PARTS, part->tenant, part->bundle_hash);
    else if (op->kind == OP_TENANT_PUT)
        changes(t, TENANT, tenant->tenant, "");
    else if (op->kind == OP_QUOTA_PUT || op->kind == OP_QUOTA_CHANGE)
        changes(t, QUOTAS, quota->tenant, "");
    else if (op->kind >= OP_GATE_PUT && op->kind <= OP_GATE_END)
        of_gate(t, op);
    else if (op->kind == OP_IDEMPOTENCY_PUT)
        reads(t, KEYS, "");
    else if (op->kind == OP_TOKEN_REVOKE)
        reads(t, TOKENS, "");
    else
        of_key(t, op->kind, op->row);
}

static void of_schedule(struct touches *t, const struct op *op)
{
    const struct store_schedule *schedule = op->row;
    const struct store_schedule_move *move = op->row;
    const struct store_firing *firing = op->row;

    if (op->kind == OP_SCHEDULE_PUT) {
        changes(t, SCHEDULE, schedule->schedule_id, "");
    } else if (op->kind == OP_SCHEDULE_PAUSE || op->kind == OP_SCHEDULE_MOVE) {
        changes(t, SCHEDULE, move->schedule_id, "");
    } else {
        reads(t, FIRINGS_OF_SCHEDULE, firing->schedule_id);
        add(t, true, FIRING, firing->schedule_id, "", firing->due_us);
    }
}

static void of_backfill(struct touches *t, const struct op *op)
{
    const struct store_backfill *backfill = op->row;
    const struct store_backfill_mark *mark = op->row;
    const struct store_backfill_move *move = op->row;
    const struct store_backfill_run *run = op->row;
    const char *schedule_id = run->schedule_id;

    if (op->kind == OP_BACKFILL_PUT)
        schedule_id = backfill->schedule_id;
    else if (op->kind == OP_BACKFILL_MARK)
        schedule_id = mark->schedule_id;
    else if (op->kind == OP_BACKFILL_MOVE)
        schedule_id = move->schedule_id;
    changes(t, BACKFILLS, schedule_id, "");
}

static void touches_of(const struct op *op, struct touches *t)
{
    switch (op->kind) {
    case OP_RUN_THERE:
    case OP_RUN_REOPEN:
    case OP_RUN_CLAIM:
    case OP_RUN_RELEASE:
    case OP_JOB_CLAIM:
    case OP_ORDER_PUT:
    case OP_RUN_INSERT:
    case OP_RUN_UPDATE:
    case OP_RUN_END:
    case OP_STATEMENT_PUT:
        of_whole_run(t, op);
        break;
    case OP_NODE_UPSERT:
    case OP_ATTEMPT_UPSERT:
    case OP_CHECKPOINT_PUT:
    case OP_PROVENANCE_PUT:
    case OP_LOG_APPEND:
        of_nodes(t, op);
        break;
    case OP_EVENT_APPEND:
    case OP_LEDGER_HEAD_PUT:
    case OP_IDENTITY_PUT:
        break; /* only ever added, in the order of the calls */
    case OP_SCHEDULE_PUT:
    case OP_SCHEDULE_PAUSE:
    case OP_SCHEDULE_MOVE:
    case OP_FIRING_PUT:
    case OP_FIRING_NOTE:
    case OP_FIRING_TAKE:
        of_schedule(t, op);
        break;
    case OP_BACKFILL_PUT:
    case OP_BACKFILL_MARK:
    case OP_BACKFILL_MOVE:
    case OP_BACKFILL_RUN_PUT:
    case OP_BACKFILL_RUN_DONE:
        of_backfill(t, op);
        break;
    case OP_LANE_VERSION_PUT:
    case OP_LANE_PUT:
        changes(t, LANE, ((const struct store_lane *)op->row)->lane, "");
        break;
    case OP_DEAD_LETTER_PUT:
        changes(t, LETTER, ((const struct store_dead_letter *)op->row)->dead_letter_id, "");
        break;
    default:
        of_others(t, op);
        break;
    }
}

static struct touched *place_of(const struct wave *w, uint64_t hash)
{
    size_t at = (size_t)hash & (w->cap - 1);

    while (w->touched[at].hash != 0 && w->touched[at].hash != hash)
        at = (at + 1) & (w->cap - 1);
    return &w->touched[at];
}

static void grow(struct wave *w)
{
    struct wave wider = {.cap = w->cap > 0 ? w->cap * 2 : FIRST_CAP, .count = w->count};

    wider.touched = mem_array(wider.cap, struct touched);
    for (size_t i = 0; i < w->cap; i++) {
        if (w->touched[i].hash != 0)
            *place_of(&wider, w->touched[i].hash) = w->touched[i];
    }
    free(w->touched);
    *w = wider;
}

static void note(struct wave *w, const struct touch *touch, int kind)
{
    struct touched *place = place_of(w, touch->hash);

    if (place->hash == 0) {
        *place = (struct touched){touch->hash, NEVER, NEVER};
        w->count++;
    }
    place->last = kind > place->last ? kind : place->last;
    if (touch->writes && kind > place->written)
        place->written = kind;
}

bool wave_take(struct wave *w, const struct op *op)
{
    struct touches t = {.count = 0};
    int kind = (int)op->kind;

    if ((w->count + TOUCHES_MAX) * 2 > w->cap)
        grow(w);
    touches_of(op, &t);
    for (size_t i = 0; i < t.count; i++) {
        const struct touched *place = place_of(w, t.of[i].hash);

        if (place->hash != 0 && kind <= (t.of[i].writes ? place->last : place->written))
            return false;
    }
    for (size_t i = 0; i < t.count; i++)
        note(w, &t.of[i], kind);
    return true;
}
