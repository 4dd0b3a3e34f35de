/* definitions.c -- deleting and disabling; see definitions.h. What is published: publish.c. */
#include "engine/catalog/definitions.h"

#include "base/mem.h"
#include "engine/env/audit.h"
#include "engine/env/env.h"

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
