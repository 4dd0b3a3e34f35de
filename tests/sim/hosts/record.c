/* record.c -- what became durable, as facts: from the operations of each batch, and from the rows
 * where the database decides. */
#include "hosts_world.h"

#include <string.h>

static const char *const jobs[] = {"ledger-heads", "statements", "upkeep"};

unsigned record_run_of_id(const struct hosts_world *w, const char *run_id)
{
    for (unsigned i = 0; i < w->run_count; i++) {
        if (strcmp(w->runs[i].run_id, run_id) == 0)
            return i;
    }
    return RUNS_MAX;
}

unsigned record_chain(const struct hosts_world *w, unsigned run, const char *node_id, bool handler)
{
    struct attempt_ref ref = view_ref(&w->runs[run].view, node_id, 0);

    return ref.node + (handler || ref.compensation ? NODES_MAX : 0);
}

/* ---- runs ---- */

static void note_owner(struct hosts_world *w, unsigned run)
{
    struct sim_run *r = &w->runs[run];
    int host;
    int64_t epoch;

    if (!database_owner(r->run_id, &host, &epoch))
        return;
    if (host >= 0 && r->owner >= 0 && host != r->owner && !r->ended)
        world_count(w, FAULT_TAKEN_OVER);
    if (host >= 0 && r->owner < 0 && r->owner_epoch != 0)
        world_count(w, FAULT_HANDED_OVER);
    r->owner = host;
    r->owner_epoch = host >= 0 ? epoch : r->owner_epoch;
    world_fact(w, (struct history_fact){.kind = FACT_OWNER,
                                        .run = run,
                                        .host = host < 0 ? 0 : (unsigned)host,
                                        .epoch = epoch});
}

static void note_insert(struct hosts_world *w, const struct store_run *row)
{
    unsigned run = 0;

    while (run < w->run_count && strcmp(w->runs[run].token, row->run_token) != 0)
        run++;
    if (run == w->run_count || w->runs[run].run_id[0] != '\0') {
        world_wrong(w, "run %s was inserted for a start that has one", row->run_id);
        return;
    }
    snprintf(w->runs[run].run_id, sizeof w->runs[run].run_id, "%s", row->run_id);
    snprintf(w->runs[run].view.run_id, sizeof w->runs[run].view.run_id, "%s", row->run_id);
    world_fact(w, (struct history_fact){.kind = FACT_INSERTED,
                                        .run = run,
                                        .hash = history_text(row->run_token)});
}

static void note_jobs(struct hosts_world *w)
{
    for (size_t i = 0; i < ARRAY_LEN(jobs); i++) {
        int host;
        int64_t epoch;

        if (database_job_owner(jobs[i], &host, &epoch) && host >= 0)
            world_fact(w, (struct history_fact){.kind = FACT_JOB,
                                                .number = (int64_t)i,
                                                .host = (unsigned)host,
                                                .epoch = epoch});
    }
}

/* Whose run an operation changes; NULL: nobody's, or not by its owner. */
static const char *run_changed(const struct op *op)
{
    switch (op->kind) {
    case OP_RUN_INSERT:
        return ((const struct store_run *)op->row)->run_id;
    case OP_RUN_UPDATE:
        return ((const struct store_run_update *)op->row)->run_id;
    case OP_RUN_END:
        return ((const struct store_run_end *)op->row)->run_id;
    case OP_RUN_REOPEN:
        return ((const struct lease_args *)op->row)->id;
    case OP_NODE_UPSERT:
        return ((const struct store_node *)op->row)->run_id;
    case OP_ATTEMPT_UPSERT:
        return ((const struct store_attempt *)op->row)->run_id;
    case OP_CHECKPOINT_PUT:
        return ((const struct store_checkpoint *)op->row)->run_id;
    case OP_PROVENANCE_PUT:
        return ((const struct store_provenance *)op->row)->run_id;
    case OP_EVENT_APPEND:
        return ((const struct store_event *)op->row)->run_id;
    default:
        return NULL;
    }
}

static const char *run_claimed(const struct op *op)
{
    bool claims = op->kind == OP_RUN_INSERT || op->kind == OP_RUN_REOPEN;

    if (op->kind == OP_RUN_CLAIM || op->kind == OP_RUN_RELEASE)
        return ((const struct lease_args *)op->row)->id;
    return claims ? run_changed(op) : NULL;
}

/* ---- whose it is, before what it says ---- */

static void note_who(struct hosts_world *w, const struct store_batch *b)
{
    for (const struct op *op = b->first; op != NULL; op = op->next) {
        const char *run_id = run_claimed(op);
        unsigned run;

        if (op->kind == OP_RUN_INSERT)
            note_insert(w, op->row);
        if (op->kind == OP_JOB_CLAIM && op->next == NULL)
            note_jobs(w);
        run = run_id != NULL ? record_run_of_id(w, run_id) : RUNS_MAX;
        if (run == RUNS_MAX)
            continue;
        note_owner(w, run);
        if (op->kind == OP_RUN_REOPEN) {
            world_fact(w, (struct history_fact){.kind = FACT_REOPENED, .run = run});
            w->runs[run].ended = w->runs[run].is_signed = false;
            world_count(w, FAULT_RESUMES);
        }
    }
}

static void note_writes(struct hosts_world *w, const struct link *link, const struct store_batch *b)
{
    bool written[RUNS_MAX + 1] = {false};

    for (const struct op *op = b->first; op != NULL; op = op->next) {
        const char *run_id = run_changed(op);
        unsigned run = run_id != NULL ? record_run_of_id(w, run_id) : RUNS_MAX;

        if (run == RUNS_MAX || written[run])
            continue;
        written[run] = true;
        w->runs[run].dirty = true;
        world_fact(w, (struct history_fact){.kind = FACT_WRITTEN,
                                            .host = link->host,
                                            .epoch = link->epoch,
                                            .run = run});
    }
}

/* ---- what it says ---- */

static void note_event(struct hosts_world *w, const struct store_event *row, int64_t seq)
{
    unsigned run = record_run_of_id(w, row->run_id);
    struct history_fact fact = {.kind = FACT_EVENT, .seq = seq};

    if (run != RUNS_MAX) {
        fact.run = run;
        fact.number = row->n;
        fact.hash = history_text(row->hash);
        fact.prev = history_text(row->prev_hash);
    }
    world_fact(w, fact);
    if (run == RUNS_MAX || row->node_id == NULL)
        return;
    fact = (struct history_fact){
        .run = run,
        .chain = record_chain(w, run, row->node_id,
                              strstr(row->payload, "\"compensation\":true") != NULL),
        .number = row->attempt,
        .kind = strcmp(row->status, "running") == 0 ? FACT_BEGUN : FACT_COMPLETED,
    };
    if (fact.kind == FACT_BEGUN || strcmp(row->status, "completed") == 0)
        world_fact(w, fact);
}

static void note_end(struct hosts_world *w, const struct store_batch *b,
                     const struct store_run_end *row)
{
    unsigned run = record_run_of_id(w, row->run_id);

    if (run == RUNS_MAX)
        return;
    w->runs[run].ended = true;
    w->runs[run].ended_by_rows = row->status == STORE_RUN_CANCELLED &&
                                 !w->runs[run].view.w.facts.cancelled && b->events == 1;
    world_fact(w, (struct history_fact){.kind = FACT_ENDED,
                                        .run = run,
                                        .number = row->status,
                                        .hash = history_text(row->chain_hash)});
}

/* The database stores none that does not fit. */
static void note_statement(struct hosts_world *w, const struct store_statement *row)
{
    unsigned run = record_run_of_id(w, row->run_id);

    if (database_statements(row->run_id) == w->runs[run].statements)
        return;
    w->runs[run].statements++;
    w->runs[run].is_signed = w->runs[run].ended;
    world_fact(w, (struct history_fact){.kind = FACT_STATEMENT,
                                        .run = run,
                                        .hash = history_text(row->chain_hash)});
}

static void note_order(struct hosts_world *w, const char *run_id)
{
    unsigned run = record_run_of_id(w, run_id);

    if (run != RUNS_MAX)
        world_fact(w, (struct history_fact){.kind = FACT_ORDERED,
                                            .run = run,
                                            .number = database_newest_order(run_id)});
}

/* With nothing that was decided: the machine would not. */
static void note_order_gone(struct hosts_world *w, const struct key_args *key, bool dropped)
{
    unsigned run = record_run_of_id(w, key->id);

    if (run != RUNS_MAX)
        world_fact(w, (struct history_fact){.kind = dropped ? FACT_ORDER_DROPPED : FACT_ORDER_GONE,
                                            .run = run,
                                            .number = key->number});
}

static void note_op(struct hosts_world *w, const struct store_batch *b, const struct op *op,
                    int64_t *seq)
{
    switch (op->kind) {
    case OP_EVENT_APPEND:
        note_event(w, op->row, (*seq)++);
        break;
    case OP_RUN_END:
        note_end(w, b, op->row);
        break;
    case OP_STATEMENT_PUT:
        note_statement(w, op->row);
        break;
    case OP_ORDER_PUT:
        note_order(w, ((const struct store_order *)op->row)->run_id);
        break;
    case OP_ORDER_DONE:
        note_order_gone(w, op->row, b->events == 0);
        break;
    default:
        break;
    }
}

void record_durable(void *arg, const struct link *link, const struct store_batch *b)
{
    struct hosts_world *w = arg;
    int64_t seq = b->first_event;

    note_who(w, b);
    note_writes(w, link, b);
    for (const struct op *op = b->first; op != NULL; op = op->next)
        note_op(w, b, op, &seq);
}
