/* publish.c -- publishing and changing definitions, one after the other; see definitions.h. */
#include "engine/catalog/definitions.h"

#include "base/log.h"
#include "base/mem.h"
#include "engine/catalog/publishing.h"
#include "engine/env/answer.h"
#include "engine/env/env.h"

#include <string.h>

struct definitions {
    const struct engine_env *env;
    const struct engine_mode *mode;
    struct publishing *now; /* with the thread, the authority or the store */
    STAILQ_HEAD(, publishing) queue;
};

struct definitions *definitions_new(const struct engine_env *env, const struct engine_mode *mode)
{
    struct definitions *d = mem_new(struct definitions);

    d->env = env;
    d->mode = mode;
    STAILQ_INIT(&d->queue);
    return d;
}

static void publishing_free(struct publishing *p)
{
    actor_free(p->by);
    free(p->dag_id);
    json_decref(p->given.json);
    json_decref(p->given.signature);
    json_decref(p->made.findings);
    json_decref(p->made.warnings);
    free(p->made.dag_id);
    free(p->made.version);
    free(p->made.signature);
    store_batch_free(p->made.batch);
    free(p);
}

void definitions_free(struct definitions *d)
{
    struct publishing *p;

    if (d == NULL)
        return;
    while ((p = STAILQ_FIRST(&d->queue)) != NULL) {
        STAILQ_REMOVE_HEAD(&d->queue, link);
        publishing_free(p);
    }
    free(d);
}

bool definitions_busy(const struct definitions *d)
{
    return d->now != NULL;
}

/* ---- the end of one is the next one's turn ---- */

static void begin_next(struct definitions *d);

static void over(struct publishing *p)
{
    struct definitions *d = p->owner;

    publishing_free(p);
    d->now = NULL;
    begin_next(d);
}

static void answer(struct publishing *p, const struct err *e)
{
    p->done(p->done_arg, &(struct api_outcome){
                             .e = e,
                             .dag_id = p->made.dag_id,
                             .version = p->made.version,
                             .created = p->made.created,
                             .warnings = p->made.warnings,
                         });
    over(p);
}

static void refuse(struct publishing *p)
{
    const struct prepared *made = &p->made;

    for (int type = 0; type < FINDING_TYPE_COUNT; type++) {
        if (made->finding_counts[type] > 0)
            metrics_add(p->env->metrics, METRIC_VALIDATION_ERRORS,
                        METRIC_LABELS(finding_type_text((enum finding_type)type)),
                        made->finding_counts[type]);
    }
    p->done(p->done_arg,
            &(struct api_outcome){.e = &made->why,
                                  .code = made->findings != NULL ? "DEFINITION_INVALID" : NULL,
                                  .findings = made->findings});
    over(p);
}

/* ---- into the store ---- */

static void stored(void *arg, const struct store_done *result)
{
    struct publishing *p = arg;

    audit_committed(p->env, result);
    if (result->err == NULL)
        log_event(LOG_INFO, "dag.published", F_STR("tenant", p->by->who.tenant),
                  F_STR("dagId", p->made.dag_id), F_STR("version", p->made.version),
                  F_STR("hash", p->made.hash.text), F_STR("subject", p->by->who.subject));
    answer(p, result->err);
}

static void store_dag(struct publishing *p)
{
    struct prepared *made = &p->made;
    struct err e = {0};

    audit_append(p->env, made->batch, &p->by->who, "audit.dag_published",
                 json_pack("{s:s, s:s, s:s, s:b}", "dag_id", made->dag_id, "version", made->version,
                           "hash", made->hash.text, "created", made->created));
    if (!store_submit_take(p->env->store, &made->batch, stored, p, &e))
        stored(p, &(struct store_done){.err = &e});
}

static void signature_checked(void *arg, const struct authority_result *result,
                              const struct err *why)
{
    struct publishing *p = arg;
    struct err e = {0};

    if (why == NULL) {
        struct sha256_hex signed_hash =
            sha256_hex(result->verified.payload.data, result->verified.payload.len);

        if (strcmp(signed_hash.text, p->made.hash.text) == 0) {
            store_dag(p);
            return;
        }
        err_set(&e, ERR_UNPROCESSABLE,
                "the signature is over a definition with hash %s, this one has %s",
                signed_hash.text, p->made.hash.text);
        why = &e;
    }
    answer(p, why);
}

static void prepared(void *arg)
{
    struct publishing *p = arg;
    const struct engine_authority *authority = &p->env->authority;
    const char *signature = p->made.signature;
    struct err e = {0};

    if (!p->made.ok)
        refuse(p);
    else if (signature == NULL)
        store_dag(p);
    else if (!authority->verify_dag(authority->client, p->by->who.tenant, signature,
                                    strlen(signature),
                                    (struct authority_reply){signature_checked, p}, &e))
        signature_checked(p, NULL, &e);
}

/* ---- the queue ---- */

static void prepare(void *arg, struct store_reader *reader)
{
    publishing_prepare(arg, reader);
}

static void drop(void *arg)
{
    struct publishing *p = arg;

    p->owner->now = NULL;
    publishing_free(p);
}

static void begin_next(struct definitions *d)
{
    struct publishing *p = STAILQ_FIRST(&d->queue);

    if (d->now != NULL || p == NULL || d->mode->stopping)
        return;
    STAILQ_REMOVE_HEAD(&d->queue, link);
    d->now = p;
    beside_give(d->env->beside, &(struct beside_work){prepare, prepared, drop, p});
}

static void enqueue(struct definitions *d, const struct publishing *what)
{
    struct publishing *p = mem_new(struct publishing);

    *p = *what;
    p->owner = d;
    p->env = d->env;
    p->given.now_us = d->env->clock.wall_us();
    STAILQ_INSERT_TAIL(&d->queue, p, link);
    begin_next(d);
}

void definitions_publish(struct definitions *d, const struct api_actor *who,
                         const struct api_publish *what, api_done_fn done, void *done_arg)
{
    bool text = what->form == API_DEFINITION_TEXT;
    /* a signature names the version */
    bool next_free = text && what->signature == NULL;

    enqueue(d, &(struct publishing){
                   .by = actor_new(who),
                   .given = {.form = text ? GIVEN_TEXT : GIVEN_OBJECT,
                             .json = what->json,
                             .signature = what->signature,
                             .new_id = what->dag_id_generated,
                             .rule = next_free ? VERSION_NEXT_FREE : VERSION_EXACT},
                   .done = done,
                   .done_arg = done_arg,
               });
}

void definitions_keep(struct definitions *d, const struct api_actor *who, json_t *definition,
                      api_done_fn done, void *done_arg)
{
    enqueue(d, &(struct publishing){
                   .by = actor_new(who),
                   .given = {.form = GIVEN_OBJECT,
                             .json = definition,
                             .rule = VERSION_EXACT,
                             .of_lane = true},
                   .done = done,
                   .done_arg = done_arg,
               });
}

void definitions_update(struct definitions *d, const struct api_actor *who, const char *dag_id,
                        json_t *patch, api_done_fn done, void *done_arg)
{
    enqueue(d, &(struct publishing){
                   .by = actor_new(who),
                   .dag_id = mem_str(dag_id),
                   .given = {.form = GIVEN_PATCH, .json = patch, .rule = VERSION_NEXT_FREE},
                   .done = done,
                   .done_arg = done_arg,
               });
}
