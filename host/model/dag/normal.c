/* normal.c -- a definition with every default written out, and its hash; see plan.h. */
#include "model/dag/plan.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "model/dag/put.h"

#include <string.h>

/* A borrowed value of the document, or what stands for an absent one. */
static void put_shared(json_t *object, const char *key, json_t *value, json_t *absent_owned)
{
    auto_json absent = absent_owned;

    put(object, key, json_incref(value != NULL ? value : absent));
}

/* 0 means "none". */
static void put_optional(json_t *object, const char *key, double number)
{
    put(object, key, number > 0 ? json_real(number) : json_null());
}

static json_t *count_json(int64_t count)
{
    return count > 0 ? json_integer(count) : json_null();
}

json_t *retry_policy_to_json_owned(const struct retry_policy *policy)
{
    json_t *object = json_object();
    json_t *classes = json_array();

    for (size_t i = 0; i < policy->retryable_count; i++)
        json_array_append_new(classes, json_string(policy->retryable[i]));
    put(object, "max_retries", json_integer(policy->max_retries));
    put_text(object, "strategy", retry_strategy_text(policy->strategy));
    put(object, "base_delay", json_real(policy->base_delay_s));
    put(object, "max_delay", json_real(policy->max_delay_s));
    put(object, "jitter", json_boolean(policy->jitter));
    put(object, "jitter_range", json_real(policy->jitter_range));
    put(object, "retryable_exceptions", classes);
    return object;
}

json_t *timeout_policy_to_json_owned(const struct timeout_policy *policy)
{
    json_t *object = json_object();

    if (policy->attempt_is_integer)
        put(object, "timeout_seconds", json_integer((json_int_t)policy->attempt_s));
    else
        put(object, "timeout_seconds", json_real(policy->attempt_s));
    put_text(object, "on_timeout", timeout_action_text(policy->on_timeout));
    put_optional(object, "node_timeout_seconds", policy->node_s);
    put_optional(object, "queue_timeout_seconds", policy->queue_s);
    return object;
}

/* What is not given stands nowhere: definitions of before keep their hash. */
static json_t *deadline_owned(const struct deadline *deadline)
{
    json_t *object = json_object();
    char by[CLOCK_TEXT_BYTES];

    if (deadline->by_us != 0) {
        clock_text(deadline->by_us, by);
        put_text(object, "by", by);
    } else {
        put(object, "within", json_real(deadline->within_s));
    }
    if (deadline->warn_before_s > 0)
        put(object, "warn_before", json_real(deadline->warn_before_s));
    return object;
}

static json_t *retry_or_null(const struct retry_policy *policy)
{
    return policy != NULL ? retry_policy_to_json_owned(policy) : json_null();
}

static json_t *timeout_or_null(const struct timeout_policy *policy)
{
    return policy != NULL ? timeout_policy_to_json_owned(policy) : json_null();
}

/* As short as it was: null, an agent id, or the object. */
static json_t *compensation_json(const struct compensation *compensation)
{
    json_t *object;

    if (compensation->agent_id == NULL)
        return json_null();
    if (compensation->config == NULL && compensation->retry_policy == NULL &&
        compensation->timeout_policy == NULL)
        return json_string(compensation->agent_id);
    object = json_object();
    put_text(object, "agent_id", compensation->agent_id);
    put_shared(object, "config", compensation->config, json_object());
    put(object, "retry_policy", retry_or_null(compensation->retry_policy));
    put(object, "timeout_policy", timeout_or_null(compensation->timeout_policy));
    return object;
}

static json_t *mappings_json(const struct dag_node *node)
{
    json_t *object = json_object();

    for (size_t i = 0; i < node->mapping_count; i++)
        put_text(object, node->mappings[i].target, path_text(node->mappings[i].path));
    return object;
}

static json_t *secrets_json(const struct dag_node *node)
{
    json_t *object = json_object();

    for (size_t i = 0; i < node->secret_ref_count; i++) {
        const struct secret_ref *ref = &node->secret_refs[i];

        put(object, ref->name,
            json_sprintf("secret://%s%s%s", ref->secret, *ref->version != '\0' ? "@" : "",
                         ref->version));
    }
    return object;
}

static json_t *limits_json(const struct node_limits *limits)
{
    json_t *object = json_object();

    put(object, "cpu_ms", count_json(limits->cpu_ms));
    put(object, "memory_bytes", count_json(limits->memory_bytes));
    put(object, "output_bytes", count_json(limits->output_bytes));
    put(object, "log_bytes", count_json(limits->log_bytes));
    return object;
}

/* The twelve fields of greenlang 1.2. */
static void put_contract_fields(json_t *object, const struct dag_node *node)
{
    put_text(object, "node_id", node->node_id);
    put_text(object, "agent_id", node->agent_id);
    put_shared(object, "depends_on", node->depends_on, json_array());
    put(object, "input_mapping", mappings_json(node));
    put_text(object, "output_key", node->output_key);
    put_text(object, "condition", node->condition_text);
    put(object, "retry_policy", retry_or_null(node->retry_policy));
    put(object, "timeout_policy", timeout_or_null(node->timeout_policy));
    put_text(object, "on_failure", node_failure_text(node->on_failure));
    put(object, "compensation_handler", compensation_json(&node->compensation));
    put(object, "priority", json_integer(node->priority));
    put_shared(object, "metadata", node->metadata, json_object());
}

json_t *dag_node_to_json_owned(const struct dag_node *node)
{
    json_t *object = json_object();

    put_contract_fields(object, node);
    put_shared(object, "config", node->config, json_object());
    put(object, "secret_refs", secrets_json(node));
    put(object, "enabled", json_boolean(node->enabled));
    put_text(object, "lane", node->lane);
    put_text(object, "isolation", isolation_name(node->isolation));
    put_text(object, "profile", profile_name(node->profile));
    put(object, "limits", limits_json(&node->limits));
    put_shared(object, "network", node->network, json_array());
    put(object, "idempotent", json_boolean(node->idempotent));
    if (node->deadline != NULL)
        put(object, "deadline", deadline_owned(node->deadline));
    return object;
}

/* Of the nodes in the order of the source, which people recognise. */
static uint32_t *positions_owned(const struct dag *dag)
{
    uint32_t *by_position = mem_array(dag->node_count + 1, uint32_t);

    for (uint32_t i = 0; i < dag->node_count; i++)
        by_position[dag->nodes[i].position] = i;
    return by_position;
}

static json_t *nodes_json(const struct dag *dag)
{
    auto_mem uint32_t *by_position = positions_owned(dag);
    json_t *object = json_object();

    for (size_t i = 0; i < dag->node_count; i++) {
        const struct dag_node *node = &dag->nodes[by_position[i]];

        put(object, node->node_id, dag_node_to_json_owned(node));
    }
    return object;
}

/* Not at all where there is none: the hash of a definition is the same as before there were any. */
static void put_gates(json_t *object, const struct dag *dag)
{
    const struct concurrency *c = &dag->concurrency;
    const struct debounce *d = &dag->debounce;
    json_t *one;

    if (c->on_conflict != ON_CONFLICT_INVALID) {
        one = json_object();
        put_text(one, "key", c->key.text);
        put(one, "limit", json_integer(c->limit));
        put_text(one, "on_conflict", on_conflict_text(c->on_conflict));
        put(object, "concurrency", one);
    }
    if (d->period_s > 0) {
        one = json_object();
        put_text(one, "key", d->key.text);
        put(one, "period", json_real(d->period_s));
        put_optional(one, "max_wait", d->max_wait_s);
        put(object, "debounce", one);
    }
}

/* What people read before the nodes. */
static json_t *head_owned(const struct dag *dag)
{
    json_t *object = json_object();

    put_text(object, "dag_id", dag->dag_id);
    put_text(object, "name", dag->name);
    put_text(object, "description", dag->description);
    put_text(object, "version", dag->version);
    return object;
}

static void put_tail(json_t *object, const struct dag *dag)
{
    put(object, "default_retry_policy", retry_policy_to_json_owned(&dag->default_retry_policy));
    put(object, "default_timeout_policy",
        timeout_policy_to_json_owned(&dag->default_timeout_policy));
    put_text(object, "on_failure", dag_failure_text(dag->on_failure));
    put(object, "max_parallel_nodes", json_integer(dag->max_parallel_nodes));
    put_gates(object, dag);
    put_shared(object, "metadata", dag->metadata, json_object());
    put_text(object, "created_at", dag->created_at);
    put_text(object, "hash", dag->hash.text);
    put_optional(object, "run_timeout_seconds", dag->run_timeout_s);
    put_shared(object, "signature", dag->signature, json_null());
    if (deadline_given(&dag->deadline))
        put(object, "deadline", deadline_owned(&dag->deadline));
}

json_t *dag_to_json_owned(const struct dag *dag)
{
    json_t *object = head_owned(dag);

    put(object, "nodes", nodes_json(dag));
    put_tail(object, dag);
    return object;
}

static void add_nodes(struct buf *b, const struct dag *dag)
{
    auto_mem uint32_t *by_position = positions_owned(dag);

    for (size_t i = 0; i < dag->node_count; i++) {
        const struct dag_node *node = &dag->nodes[by_position[i]];
        auto_json value = dag_node_to_json_owned(node);

        if (i > 0)
            buf_addc(b, ',');
        buf_add_json_str(b, node->node_id, strlen(node->node_id));
        buf_addc(b, ':');
        json_add_compact(b, value);
    }
}

void dag_add_compact(struct buf *b, const struct dag *dag)
{
    auto_json head = head_owned(dag);
    auto_json tail = json_object();
    size_t from;

    json_add_compact(b, head);
    b->len--; /* the brace that closes it */
    buf_adds(b, ",\"nodes\":{");
    add_nodes(b, dag);
    buf_addc(b, '}');
    from = b->len;
    put_tail(tail, dag);
    json_add_compact(b, tail);
    b->data[from] = ','; /* the brace that opens it */
}

/* ---- the hash --------------------------------------------------------------------------------
 *
 * The JCS of dag_to_json_owned, node by node and straight from the model: all of a large definition
 * as values is fifty times its text, and most of the time that reading it takes. Members stand in
 * JCS's order. */

static void write_text(struct buf *b, const char *before, const char *text_or_null)
{
    buf_adds(b, before);
    if (text_or_null != NULL)
        buf_add_json_str(b, text_or_null, strlen(text_or_null));
    else
        buf_adds(b, "null");
}

static void write_bool(struct buf *b, const char *before, bool value)
{
    buf_adds(b, before);
    buf_adds(b, value ? "true" : "false");
}

static bool write_owned(struct buf *b, const char *before, json_t *value_owned, struct err *e)
{
    auto_json value = value_owned;

    buf_adds(b, before);
    return jcs_write(value, b, e);
}

/* absent: the text of what stands for a value that is not given. */
static bool write_shared(struct buf *b, const char *before, const json_t *value, const char *absent,
                         struct err *e)
{
    buf_adds(b, before);
    if (value != NULL)
        return jcs_write(value, b, e);
    buf_adds(b, absent);
    return true;
}

/* An object that most nodes have empty. */
static bool write_some(struct buf *b, const char *before, bool some,
                       json_t *(*members_owned)(const struct dag_node *node),
                       const struct dag_node *node, struct err *e)
{
    if (some)
        return write_owned(b, before, members_owned(node), e);
    return write_shared(b, before, NULL, "{}", e);
}

static bool write_limits(struct buf *b, const char *before, const struct node_limits *limits,
                         struct err *e)
{
    if (limits->cpu_ms > 0 || limits->memory_bytes > 0 || limits->output_bytes > 0 ||
        limits->log_bytes > 0)
        return write_owned(b, before, limits_json(limits), e);
    buf_adds(b, before);
    buf_adds(b, "{\"cpu_ms\":null,\"log_bytes\":null,\"memory_bytes\":null,\"output_bytes\":null}");
    return true;
}

static bool write_from_agent_to_isolation(struct buf *b, const struct dag_node *node, struct err *e)
{
    write_text(b, "{\"agent_id\":", node->agent_id);
    if (!write_owned(b, ",\"compensation_handler\":", compensation_json(&node->compensation), e))
        return false;
    write_text(b, ",\"condition\":", node->condition_text);
    if (!write_shared(b, ",\"config\":", node->config, "{}", e) ||
        (node->deadline != NULL &&
         !write_owned(b, ",\"deadline\":", deadline_owned(node->deadline), e)) ||
        !write_shared(b, ",\"depends_on\":", node->depends_on, "[]", e))
        return false;
    write_bool(b, ",\"enabled\":", node->enabled);
    write_bool(b, ",\"idempotent\":", node->idempotent);
    if (!write_some(b, ",\"input_mapping\":", node->mapping_count > 0, mappings_json, node, e))
        return false;
    write_text(b, ",\"isolation\":", isolation_name(node->isolation));
    return true;
}

static bool write_from_lane_to_timeout(struct buf *b, const struct dag_node *node, struct err *e)
{
    write_text(b, ",\"lane\":", node->lane);
    if (!write_limits(b, ",\"limits\":", &node->limits, e) ||
        !write_shared(b, ",\"metadata\":", node->metadata, "{}", e) ||
        !write_shared(b, ",\"network\":", node->network, "[]", e))
        return false;
    write_text(b, ",\"node_id\":", node->node_id);
    write_text(b, ",\"on_failure\":", node_failure_text(node->on_failure));
    write_text(b, ",\"output_key\":", node->output_key);
    buf_adds(b, ",\"priority\":");
    buf_add_int(b, node->priority);
    write_text(b, ",\"profile\":", profile_name(node->profile));
    if (!write_owned(b, ",\"retry_policy\":", retry_or_null(node->retry_policy), e) ||
        !write_some(b, ",\"secret_refs\":", node->secret_ref_count > 0, secrets_json, node, e) ||
        !write_owned(b, ",\"timeout_policy\":", timeout_or_null(node->timeout_policy), e))
        return false;
    buf_addc(b, '}');
    return true;
}

static bool hash_nodes(const struct dag *dag, struct sha256_stream *s, struct err *e)
{
    auto_mem struct json_member *ids = mem_array(dag->node_count + 1, struct json_member);
    auto_done(buf) b = {0};

    for (size_t i = 0; i < dag->node_count; i++)
        ids[i].key = dag->nodes[i].node_id;
    jcs_sort_members(ids, dag->node_count); /* the model's own order is that of code points */
    for (size_t i = 0; i < dag->node_count; i++, b.len = 0) {
        const struct dag_node *node = &dag->nodes[i];

        if (node->node_id != ids[i].key)
            node = dag_find(dag, ids[i].key);
        write_text(&b, i > 0 ? "," : "", node->node_id);
        buf_addc(&b, ':');
        if (!write_from_agent_to_isolation(&b, node, e) || !write_from_lane_to_timeout(&b, node, e))
            return false;
        sha256_stream_add(s, b.data, b.len);
    }
    return true;
}

/* What stands before the nodes in JCS's order, and what behind them. */
static json_t *before_nodes_owned(const struct dag *dag)
{
    json_t *object = json_object();

    put_gates(object, dag);
    put(object, "default_retry_policy", retry_policy_to_json_owned(&dag->default_retry_policy));
    put(object, "default_timeout_policy",
        timeout_policy_to_json_owned(&dag->default_timeout_policy));
    put_text(object, "dag_id", dag->dag_id);
    if (deadline_given(&dag->deadline))
        put(object, "deadline", deadline_owned(&dag->deadline));
    put(object, "max_parallel_nodes", json_integer(dag->max_parallel_nodes));
    put_text(object, "name", dag->name);
    return object;
}

static json_t *behind_nodes_owned(const struct dag *dag)
{
    json_t *object = json_object();

    put_text(object, "on_failure", dag_failure_text(dag->on_failure));
    put_optional(object, "run_timeout_seconds", dag->run_timeout_s);
    put_text(object, "version", dag->version);
    return object;
}

static bool hash_all(const struct dag *dag, struct sha256_stream *s, struct err *e)
{
    auto_done(buf) b = {0};

    if (!write_owned(&b, "", before_nodes_owned(dag), e))
        return false;
    b.len--; /* the brace that closes it */
    buf_adds(&b, ",\"nodes\":{");
    sha256_stream_add(s, b.data, b.len);
    if (!hash_nodes(dag, s, e))
        return false;
    b.len = 0;
    if (!write_owned(&b, "}", behind_nodes_owned(dag), e))
        return false;
    b.data[1] = ','; /* the brace that opens it */
    sha256_stream_add(s, b.data, b.len);
    return true;
}

bool dag_hash(const struct dag *dag, struct sha256_hex *ret, struct err *e)
{
    struct sha256_stream *s = sha256_stream_new();
    bool ok = hash_all(dag, s, e);
    uint8_t digest[SHA256_BYTES];

    sha256_stream_end(s, digest);
    if (ok)
        text_hex(digest, sizeof digest, ret->text);
    return ok;
}
