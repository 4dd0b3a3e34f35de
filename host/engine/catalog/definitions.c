/* definitions.c -- see definitions.h. */
#include "engine/catalog/definitions.h"

#include "base/log.h"
#include "base/mem.h"
#include "engine/catalog/ceilings.h"
#include "engine/catalog/settle.h"
#include "engine/env/answer.h"
#include "engine/env/audit.h"
#include "engine/env/env.h"
#include "model/dag/dag.h"
#include "model/dag/names.h"
#include "model/dag/plan.h"
#include "model/dag/source/parse.h"

#include <string.h>

/* One definition on its way into the store. */
struct publishing {
    const struct engine_env *env;
    struct actor *by;
    const char *tenant; /* of by */
    struct dag *dag;
    char *signature; /* JSON text or NULL */
    bool created;
    api_done_fn done;
    void *done_arg;
};

static void publishing_free(struct publishing *p)
{
    if (p == NULL)
        return;
    actor_free(p->by);
    free(p->signature);
    dag_free(p->dag);
    free(p);
}
DEFINE_AUTO(publishing)

static struct publishing *publishing_new(const struct engine_env *env, const struct api_actor *who,
                                         api_done_fn done, void *done_arg)
{
    struct publishing *p = mem_new(struct publishing);
    struct actor *by = actor_new(who);

    *p = (struct publishing){
        .env = env,
        .by = by,
        .tenant = by->who.tenant,
        .done = done,
        .done_arg = done_arg,
    };
    return p;
}

static char *text_of(json_t *value)
{
    auto_done(buf) text = {0};

    json_add_compact(&text, value);
    json_decref(value);
    return buf_take(&text);
}

static void answer(struct publishing *p, const struct err *e)
{
    auto_json warnings = dag_warnings_owned(p->dag);

    p->done(p->done_arg, &(struct api_outcome){
                             .e = e,
                             .dag_id = p->dag->dag_id,
                             .version = p->dag->version,
                             .created = p->created,
                             .warnings = warnings,
                         });
}

static void stored(void *arg, const struct store_done *result)
{
    auto_obj(publishing) p = arg;

    audit_committed(p->env, result);
    if (result->err == NULL)
        log_event(LOG_INFO, "dag.published", F_STR("tenant", p->tenant),
                  F_STR("dagId", p->dag->dag_id), F_STR("version", p->dag->version),
                  F_STR("hash", p->dag->hash.text), F_STR("subject", p->by->who.subject));
    answer(p, result->err);
}

static void refuse(struct publishing *p, const struct err *e)
{
    answer_error(p->done, p->done_arg, e);
    publishing_free(p);
}

static void store_dag(struct publishing *p)
{
    const struct dag *dag = p->dag;
    struct store_batch *batch;
    auto_mem char *definition = text_of(dag_to_json_owned(dag));
    auto_mem char *retry = text_of(retry_policy_to_json_owned(&dag->default_retry_policy));
    auto_mem char *timeout = text_of(timeout_policy_to_json_owned(&dag->default_timeout_policy));
    int64_t now = p->env->clock.wall_us();
    struct err e = {0};

    if (!dag_kept_check(definition, strlen(definition), &e)) {
        refuse(p, &e);
        return;
    }
    batch = store_batch_new();
    store_batch_dag_put(batch, &(struct store_dag){
                                   .tenant = p->tenant,
                                   .dag_id = dag->dag_id,
                                   .version = dag->version,
                                   .name = dag->name,
                                   .description = dag->description,
                                   .definition = definition,
                                   .hash = dag->hash.text,
                                   .retry_policy = retry,
                                   .timeout_policy = timeout,
                                   .on_failure = dag_failure_text(dag->on_failure),
                                   .signature = p->signature,
                                   .created_by = p->by->who.subject,
                                   .max_parallel_nodes = dag->max_parallel_nodes,
                                   .enabled = true,
                                   .created_us = now,
                                   .updated_us = now,
                               });
    audit_append(p->env, batch, &p->by->who, "audit.dag_published",
                 json_pack("{s:s, s:s, s:s, s:b}", "dag_id", dag->dag_id, "version", dag->version,
                           "hash", dag->hash.text, "created", p->created));
    if (store_submit_take(p->env->store, &batch, stored, p, &e))
        return;
    store_batch_free(batch);
    stored(p, &(struct store_done){.err = &e});
}

/* ---- signature ---- */

static void signature_checked(void *arg, const struct authority_result *result,
                              const struct err *why)
{
    struct publishing *p = arg;
    struct err e = {0};

    if (why == NULL) {
        struct sha256_hex signed_hash =
            sha256_hex(result->verified.payload.data, result->verified.payload.len);

        if (strcmp(signed_hash.text, p->dag->hash.text) == 0) {
            store_dag(p);
            return;
        }
        err_set(&e, ERR_UNPROCESSABLE,
                "the signature is over a definition with hash %s, this one has %s",
                signed_hash.text, p->dag->hash.text);
        why = &e;
    }
    answer(p, why);
    publishing_free(p);
}

static void check_and_store(struct publishing *p)
{
    const struct engine_authority *authority = &p->env->authority;
    struct err e = {0};

    if (p->signature == NULL) {
        store_dag(p);
        return;
    }
    if (!authority->verify_dag(authority->client, p->tenant, p->signature, strlen(p->signature),
                               (struct authority_reply){signature_checked, p}, &e))
        signature_checked(p, NULL, &e);
}

/* ---- publish ---- */

static bool parse(const struct api_publish *what, struct dag **ret, struct dag_findings *findings,
                  struct err *e)
{
    if (what->form == API_DEFINITION_TEXT)
        return dag_parse(what->text, what->text_len, ret, findings, e);
    return dag_from_json((json_t *)what->json, ret, findings, e);
}

/* Valid, and every id of it can be asked for. */
static bool named_well(const struct dag *dag, struct dag_findings *findings)
{
    if (findings->count == 0)
        dag_check_names(dag, findings);
    return findings->count == 0;
}

static void refuse_findings(const struct engine_env *env, const struct dag_findings *findings,
                            api_done_fn done, void *done_arg)
{
    auto_json list = findings_json_owned(findings);
    auto_done(buf) text = {0};
    struct err e = {0};

    for (size_t i = 0; i < findings->count; i++)
        metrics_add(env->metrics, METRIC_VALIDATION_ERRORS,
                    METRIC_LABELS(finding_type_text(findings->items[i].type)), 1);
    findings_text(findings, &text);
    err_set(&e, ERR_UNPROCESSABLE, "%s", buf_text(&text));
    done(done_arg, &(struct api_outcome){.e = &e, .code = "DEFINITION_INVALID", .findings = list});
}

static bool is_new_id(struct publishing *p, struct err *e)
{
    auto_done(store_dag_list) rows = {0};

    if (store_read_dag_latest(p->env->reader, p->tenant, p->dag->dag_id, STORE_DAG_LIVE, &rows, e))
        return err_set(e, ERR_INVALID, "DAG '%s' already exists", p->dag->dag_id);
    return e->code == ERR_NOT_FOUND;
}

static bool settle(struct publishing *p, enum version_rule rule, struct err *e)
{
    return settle_version(p->env->reader, p->tenant, rule, &p->dag, &p->created, e);
}

void definitions_publish(const struct engine_env *env, const struct api_actor *who,
                         const struct api_publish *what, api_done_fn done, void *done_arg)
{
    auto_done(dag_findings) findings = {0};
    struct publishing *p = publishing_new(env, who, done, done_arg);
    enum version_rule rule = what->form == API_DEFINITION_TEXT ? VERSION_NEXT_FREE : VERSION_EXACT;
    struct err e = {0};

    if (!parse(what, &p->dag, &findings, &e) || !named_well(p->dag, &findings)) {
        refuse_findings(env, &findings, done, done_arg);
        publishing_free(p);
        return;
    }
    if (what->signature != NULL) {
        p->signature = text_of(json_incref((json_t *)what->signature));
        rule = VERSION_EXACT; /* the signature names the version */
    }
    if (!ceilings_allow(&env->set.ceilings, p->dag, &e) ||
        (what->dag_id_generated && !is_new_id(p, &e)) || !settle(p, rule, &e)) {
        refuse(p, &e);
        return;
    }
    check_and_store(p);
}

/* ---- update: the patch over the newest version ---- */

static void merge_node(json_t *nodes, const char *id, json_t *patch)
{
    json_t *node = json_object_get(nodes, id);

    if (json_is_object(node) && json_is_object(patch))
        json_object_update(node, patch);
    else
        json_object_set(nodes, id, patch);
}

/* null leaves a member as it is (greenlang 6, route 4). */
static void merge(json_t *doc, const json_t *patch)
{
    const char *key, *id;
    json_t *value, *node;

    json_object_foreach((json_t *)patch, key, value)
    {
        json_t *nodes = json_object_get(doc, "nodes");

        if (json_is_null(value))
            continue;
        if (strcmp(key, "nodes") != 0 || !json_is_object(value)) {
            json_object_set(doc, key, value);
            continue;
        }
        json_object_foreach(value, id, node) merge_node(nodes, id, node);
    }
}

void definitions_update(const struct engine_env *env, const struct api_actor *who,
                        const char *dag_id, const json_t *patch, api_done_fn done, void *done_arg)
{
    auto_done(store_dag_list) rows = {0};
    auto_done(dag_findings) findings = {0};
    auto_json doc = NULL;
    struct publishing *p = publishing_new(env, who, done, done_arg);
    struct err e = {0};

    if (!store_read_dag_latest(env->reader, who->tenant, dag_id, STORE_DAG_LIVE, &rows, &e) ||
        !dag_kept_read(rows.rows[0].definition, &doc, &e)) {
        refuse(p, &e);
        return;
    }
    merge(doc, patch);
    if (!dag_from_json(doc, &p->dag, &findings, &e) || !named_well(p->dag, &findings)) {
        refuse_findings(env, &findings, done, done_arg);
        publishing_free(p);
        return;
    }
    if (!ceilings_allow(&env->set.ceilings, p->dag, &e) || !settle(p, VERSION_NEXT_FREE, &e)) {
        refuse(p, &e);
        return;
    }
    store_dag(p);
}

/* ---- delete, disable ---- */

struct changing {
    const struct engine_env *env;
    char *dag_id, *version;
    api_done_fn done;
    void *done_arg;
};

static void changed(void *arg, const struct store_done *result)
{
    struct changing *c = arg;

    audit_committed(c->env, result);
    c->done(c->done_arg,
            &(struct api_outcome){.e = result->err, .dag_id = c->dag_id, .version = c->version});
    free(c->dag_id);
    free(c->version);
    free(c);
}

static void submit_change(const struct engine_env *env, struct store_batch *batch,
                          const char *dag_id, const char *version, api_done_fn done, void *done_arg)
{
    struct changing *c = mem_new(struct changing);
    struct err e = {0};

    *c = (struct changing){env, mem_str(dag_id), mem_str(version), done, done_arg};
    if (store_submit_take(env->store, &batch, changed, c, &e))
        return;
    store_batch_free(batch);
    changed(c, &(struct store_done){.err = &e});
}

void definitions_delete(const struct engine_env *env, const struct api_actor *who,
                        const char *dag_id, api_done_fn done, void *done_arg)
{
    struct store_batch *batch = store_batch_new();

    store_batch_dag_delete(batch, who->tenant, dag_id, env->clock.wall_us());
    audit_append(env, batch, who, "audit.dag_deleted", json_pack("{s:s}", "dag_id", dag_id));
    submit_change(env, batch, dag_id, NULL, done, done_arg);
}

void definitions_disable(const struct engine_env *env, const struct api_actor *who,
                         const char *dag_id, const char *version, api_done_fn done, void *done_arg)
{
    struct store_batch *batch = store_batch_new();

    store_batch_dag_set_enabled(batch, who->tenant, dag_id, version, false, env->clock.wall_us());
    audit_append(env, batch, who, "audit.dag_disabled",
                 json_pack("{s:s, s:s}", "dag_id", dag_id, "version", version));
    submit_change(env, batch, dag_id, version, done, done_arg);
}
