/* statements.c -- see statements.h. */
#include "engine/evidence/statements.h"

#include "authority/trust/dsse.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/env/env.h"
#include "engine/runs/active_run.h"
#include "model/ledger/statement.h"

#include <assert.h>
#include <string.h>

enum { SENDING_MAX = 64, PENDING_MAGIC = 0x57a7e3e7 };

/* Waits in a list, or is with the authority or then the store, which each answer it once (also when
 * they die). */
struct pending {
    uint32_t magic; /* it crosses the authority's client as void * */
    struct statements *owner;
    char run_id[UUID_TEXT_BYTES];
    int64_t ended_us;
    char *tenant;
    struct sha256_hex chain_hash;
    char *payload;
    size_t payload_bytes;
    TAILQ_ENTRY(pending) link; /* while it waits */
    LIST_ENTRY(pending) all;
};

struct statements {
    const struct engine_env *env;
    TAILQ_HEAD(, pending) waiting;
    LIST_HEAD(, pending) all;
    unsigned waiting_count, sending; /* sending: with the authority or the store */
    unsigned left;
    struct err left_why; /* of the newest */
};

struct statements *statements_new(const struct engine_env *env)
{
    struct statements *s = mem_new(struct statements);

    s->env = env;
    TAILQ_INIT(&s->waiting);
    LIST_INIT(&s->all);
    return s;
}

static void pending_free(struct pending *p)
{
    LIST_REMOVE(p, all);
    free(p->tenant);
    free(p->payload);
    free(p);
}

void statements_free(struct statements *s)
{
    struct pending *p;

    if (s == NULL)
        return;
    while ((p = TAILQ_FIRST(&s->waiting)) != NULL) {
        TAILQ_REMOVE(&s->waiting, p, link);
        pending_free(p);
    }
    free(s);
}

unsigned statements_pending(const struct statements *s)
{
    return s->waiting_count + s->sending;
}

bool statements_has(const struct statements *s, const char *run_id, int64_t ended_us)
{
    const struct pending *p;

    LIST_FOREACH(p, &s->all, all)
    {
        if (p->ended_us == ended_us && strcmp(p->run_id, run_id) == 0)
            return true;
    }
    return false;
}

static void reason_stored(void *arg unused_arg, const struct store_done *done)
{
    if (done->err != NULL) /* the log has it, and a start tries the statement again */
        log_event(LOG_WARN, "statement.reason_lost", F_ERR(done->err));
}

/* For the list of runs without a statement. */
static void store_reason(struct statements *s, const char *tenant, const char *run_id,
                         const struct err *why)
{
    auto_obj(store_batch) batch = store_batch_new();
    struct err e = {0};

    store_batch_statement_refuse(batch, tenant, run_id, why->msg);
    if (!store_submit_take(s->env->store, &batch, reason_stored, NULL, &e))
        log_event(LOG_WARN, "statement.reason_lost", F_STR("runId", run_id), F_ERR(&e));
}

void statements_leave(struct statements *s, const char *tenant, const char *run_id,
                      const struct err *why)
{
    s->left++;
    s->left_why = *why;
    err_wrap(&s->left_why, "run %s", run_id);
    metrics_set(s->env->metrics, METRIC_STATEMENTS_LEFT, METRIC_NO_LABELS, s->left);
    log_event(LOG_ERROR, "statement.left_unsigned", F_STR("runId", run_id), F_STR("tenant", tenant),
              F_ERR(why));
    store_reason(s, tenant, run_id, why);
}

unsigned statements_left(const struct statements *s)
{
    return s->left;
}

const struct err *statements_left_why(const struct statements *s)
{
    return s->left > 0 ? &s->left_why : NULL;
}

/* Records of the completed nodes in level order, then node id. */
static size_t records_of(const struct active_run *ar, struct record_parts *records)
{
    size_t count = 0;

    for (size_t i = 0; i < ar->dag->node_count; i++) {
        const char *record = ar->nodes[ar->dag->order[i]].record;

        if (record != NULL)
            records[count++] = record_parts(record);
    }
    return count;
}

static const char *state_json(enum node_state state)
{
    static const char *const words[NODE_STATE_COUNT] = {
        [NODE_COMPLETED] = "\"" STATUS_COMPLETED "\"",
        [NODE_FAILED] = "\"" STATUS_FAILED "\"",
        [NODE_SKIPPED] = "\"" STATUS_SKIPPED "\"",
        [NODE_CANCELLED] = "\"" STATUS_CANCELLED "\"",
    };

    return words[state] != NULL ? words[state] : "\"" STATUS_PENDING "\"";
}

/* How each node ended that has no record; what had not begun or not ended is pending. */
static void write_others(const struct active_run *ar, struct buf *ret)
{
    auto_mem struct json_member *others = mem_array(ar->dag->node_count, struct json_member);
    size_t count = 0;

    for (uint32_t i = 0; i < ar->dag->node_count; i++) {
        if (ar->nodes[i].record == NULL)
            others[count++] = (struct json_member){ar->dag->nodes[i].node_id,
                                                   state_json(run_node(ar->run, i).state)};
    }
    jcs_sort_members(others, count);
    json_add_members(ret, others, count);
}

static bool statement_of(const struct active_run *ar, const char *builder_id, struct buf *ret,
                         struct err *e)
{
    auto_mem struct record_parts *records = mem_array(ar->dag->node_count, struct record_parts);
    size_t count = records_of(ar, records);
    auto_done(buf) others = {0};
    char started[CLOCK_TEXT_BYTES], ended[CLOCK_TEXT_BYTES];

    write_others(ar, &others);
    clock_text(ar->started_us, started);
    clock_text(ar->ended_us, ended);
    return statement_make(
        &(struct statement_run){
            .run_id = ar->run_id,
            .tenant = ar->tenant,
            .status = run_state_text(ar->final_state),
            .trace_id = ar->trace_id,
            .dag_id = ar->dag->dag_id,
            .dag_version = ar->dag->version,
            .dag_hash = ar->dag->hash.text,
            .inputs_hash = ar->inputs_hash.text,
            .chain_hash = ar->chain_hash.text,
            .ledger_head = ar->chain.prev.text,
            .started_at = started,
            .ended_at = ended,
            .builder_id = builder_id,
            .deterministic = ar->deterministic,
            .restart_of = ar->restart_of[0] != '\0' ? ar->restart_of : NULL,
            .records = records,
            .record_count = count,
            .others = buf_text(&others),
        },
        ret, e);
}

static char *payload_of(const struct active_run *ar, const char *builder_id, size_t *ret_bytes,
                        struct err *e)
{
    auto_done(buf) text = {0};

    if (!statement_of(ar, builder_id, &text, e))
        return NULL;
    if (text.len > DSSE_PAYLOAD_BYTES_MAX) { /* limits.h promises that there is none */
        err_set(e, ERR_TOO_LARGE, "its statement has %zu bytes, at most %u are signed", text.len,
                DSSE_PAYLOAD_BYTES_MAX);
        return NULL;
    }
    *ret_bytes = text.len;
    return buf_take(&text);
}

static void wait_again(struct pending *p)
{
    TAILQ_INSERT_HEAD(&p->owner->waiting, p, link);
    p->owner->waiting_count++;
}

/* What may go well later waits for it; anything else would stand in the way of all others. */
static void refused(struct pending *p, const struct err *why)
{
    if (err_code_temporary(why->code)) {
        wait_again(p);
        return;
    }
    statements_leave(p->owner, p->tenant, p->run_id, why);
    pending_free(p);
}

void statements_add(struct statements *s, const struct active_run *ar)
{
    struct pending *p = mem_new(struct pending);
    struct err e = {0};

    p->magic = PENDING_MAGIC;
    p->owner = s;
    LIST_INSERT_HEAD(&s->all, p, all);
    memcpy(p->run_id, ar->run_id, sizeof p->run_id);
    p->ended_us = ar->ended_us;
    p->tenant = mem_str(ar->tenant);
    p->chain_hash = ar->chain_hash;
    p->payload = payload_of(ar, s->env->builder_id, &p->payload_bytes, &e);
    if (p->payload == NULL) {
        refused(p, &e);
        return;
    }
    TAILQ_INSERT_TAIL(&s->waiting, p, link);
    s->waiting_count++;
    statements_turn(s);
}

static void is_stored(void *arg, const struct store_done *done)
{
    struct pending *p = arg;

    assert(p->magic == PENDING_MAGIC && p->owner->sending > 0);
    p->owner->sending--;
    if (done->err != NULL)
        refused(p, done->err);
    else
        pending_free(p);
}

/* Signed; it is the store's until is_stored. */
static bool store(struct pending *p, const char *envelope, struct err *e)
{
    const struct engine_env *env = p->owner->env;
    auto_obj(store_batch) batch = store_batch_new();

    store_batch_statement_put(batch, &(struct store_statement){
                                         .run_id = p->run_id,
                                         .tenant = p->tenant,
                                         .chain_hash = p->chain_hash.text,
                                         .envelope = envelope,
                                         .created_us = env->clock.wall_us(),
                                     });
    return store_submit_take(env->store, &batch, is_stored, p, e);
}

static void is_signed(void *arg, const struct authority_result *result, const struct err *e)
{
    struct pending *p = arg;
    struct statements *s = p->owner;
    auto_mem char *envelope = NULL;
    struct err local = {0};

    assert(p->magic == PENDING_MAGIC && s->sending > 0);
    if (e == NULL) {
        envelope =
            mem_strn(result->signatures.envelopes[0].data, result->signatures.envelopes[0].len);
        if (store(p, envelope, &local))
            return;
        e = &local;
    }
    s->sending--;
    refused(p, e); /* an authority that died is ERR_UNAVAILABLE: the next one signs */
}

static bool send_for_signing(struct statements *s, struct pending *p, struct err *e)
{
    const struct engine_authority *authority = &s->env->authority;
    struct authority_sign_item item = {
        .purpose = PURPOSE_PROVENANCE,
        .type = STATEMENT_PAYLOAD_TYPE,
        .payload = p->payload,
        .len = p->payload_bytes,
    };

    s->sending++;
    if (authority->sign(authority->client, &item, 1, (struct authority_reply){is_signed, p}, e))
        return true;
    s->sending--;
    return false;
}

void statements_turn(struct statements *s)
{
    const struct engine_authority *authority = &s->env->authority;
    struct pending *p;
    struct err e = {0};

    while (s->sending < SENDING_MAX && (p = TAILQ_FIRST(&s->waiting)) != NULL) {
        if (!authority->attached(authority->client))
            return;
        TAILQ_REMOVE(&s->waiting, p, link);
        s->waiting_count--;
        if (send_for_signing(s, p, &e))
            continue;
        refused(p, &e);
        if (err_code_temporary(e.code))
            return;
    }
}
