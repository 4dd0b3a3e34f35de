/* secrets.c -- see secrets.h. */
#include "engine/catalog/secrets.h"

#include "base/mem.h"
#include "engine/env/audit.h"
#include "engine/env/env.h"

#include <stdlib.h>

struct putting {
    const struct engine_env *env;
    struct actor *by;
    char *name;
    int64_t version;
    api_done_fn done;
    void *done_arg;
};

static void putting_free(struct putting *p)
{
    actor_free(p->by);
    free(p->name);
    free(p);
}

static void stored(void *arg, const struct store_done *result)
{
    struct putting *p = arg;
    struct api_outcome outcome = {.e = result->err, .count = p->version, .created = true};

    audit_committed(p->env, result);
    p->done(p->done_arg, &outcome);
    putting_free(p);
}

static void submit(struct putting *p, struct store_batch *batch)
{
    struct err e = {0};

    if (store_submit_take(p->env->store, &batch, stored, p, &e))
        return;
    store_batch_free(batch);
    stored(p, &(struct store_done){.err = &e});
}

static void sealed(void *arg, const struct authority_result *result, const struct err *e)
{
    struct putting *p = arg;
    struct store_batch *batch;

    if (e != NULL) {
        stored(p, &(struct store_done){.err = e});
        return;
    }
    batch = store_batch_new();
    store_batch_secret_put(batch, &(struct store_secret){
                                      .tenant = p->by->who.tenant,
                                      .name = p->name,
                                      .version = p->version,
                                      .blob = result->blob.data,
                                      .blob_bytes = result->blob.len,
                                      .created_by = p->by->who.subject,
                                      .created_us = p->env->clock.wall_us(),
                                  });
    audit_append(p->env, batch, &p->by->who, "audit.secret_set",
                 json_pack("{s:s, s:I}", "name", p->name, "version", (json_int_t)p->version));
    submit(p, batch);
}

static struct putting *putting_new(const struct engine_env *env, const struct api_actor *who,
                                   const char *name, api_done_fn done, void *done_arg)
{
    struct putting *p = mem_new(struct putting);

    *p = (struct putting){
        .env = env,
        .by = actor_new(who),
        .name = mem_str(name),
        .done = done,
        .done_arg = done_arg,
    };
    return p;
}

/* The version after the newest; 1 for a new name. */
static int64_t next_version(const struct engine_env *env, const char *tenant, const char *name)
{
    auto_done(store_secret_list) rows = {0};
    struct err e = {0};

    return store_read_secret(env->reader, tenant, name, 0, &rows, &e) ? rows.rows[0].version + 1
                                                                      : 1;
}

void secrets_put(const struct engine_env *env, const struct api_actor *who,
                 const struct api_secret_put *what, api_done_fn done, void *done_arg)
{
    const struct engine_authority *authority = &env->authority;
    struct putting *p = putting_new(env, who, what->name, done, done_arg);
    struct err e = {0};

    p->version = what->target_version != NULL ? strtoll(what->target_version, NULL, 10)
                                              : next_version(env, who->tenant, what->name);
    if (!authority->secret_seal(authority->client,
                                &(struct secret_name){p->by->who.tenant, p->name,
                                                      (uint32_t)p->version},
                                what->boxed, what->boxed_len, (struct authority_reply){sealed, p},
                                &e))
        stored(p, &(struct store_done){.err = &e});
}

void secrets_delete(const struct engine_env *env, const struct api_actor *who, const char *name,
                    api_done_fn done, void *done_arg)
{
    struct putting *p = putting_new(env, who, name, done, done_arg);
    struct store_batch *batch;
    auto_done(store_secret_list) rows = {0};
    struct err e = {0};

    if (!store_read_secret(env->reader, who->tenant, name, 0, &rows, &e)) {
        stored(p, &(struct store_done){.err = &e});
        return;
    }
    batch = store_batch_new();
    store_batch_secret_delete(batch, who->tenant, name, 0);
    audit_append(env, batch, who, "audit.secret_deleted", json_pack("{s:s}", "name", name));
    submit(p, batch);
}
