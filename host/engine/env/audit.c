/* audit.c -- see audit.h. */
#include "engine/env/audit.h"

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/uuid.h"
#include "engine/env/append.h"
#include "engine/env/env.h"

#include <assert.h>
#include <string.h>

static void append(struct store_batch *batch, const struct api_actor *who, const char *id,
                   int64_t now_us, const char *type, json_t *data)
{
    auto_json object = data != NULL ? data : json_object();
    auto_done(buf) text = {0};
    struct event_chain chain;
    struct err e = {0};

    json_object_set_new(object, "actor", json_string(who->subject));
    json_object_set_new(object, "reason", json_string(who->reason));
    json_object_set_new(object, "ticket", json_string(who->ticket));
    json_object_set_new(object, "trace_id", json_string(who->trace_id));
    if (!jcs_write(object, &text, &e))
        assert(!"an entry's data is canonical: its numbers are ours");
    event_chain_begin(&chain);
    ledger_append(batch, &chain,
                  (struct store_event){
                      .tenant = who->tenant,
                      .run_id = id,
                      .dag_id = "",
                      .type = type,
                      .status = "recorded",
                      .trace_id = who->trace_id,
                      .at_us = now_us,
                      .payload = buf_text(&text),
                  });
}

void audit_append(const struct engine_env *env, struct store_batch *batch,
                  const struct api_actor *who, const char *type, json_t *data)
{
    int64_t now_us = env->clock.wall_us();
    char id[UUID_TEXT_BYTES];

    uuid7(now_us, id);
    append(batch, who, id, now_us, type, data);
}

void audit_committed(const struct engine_env *env, const struct store_done *result)
{
    if (result->err == NULL && result->last_event != 0)
        env->audited(env->arg, result);
}

struct writing {
    const struct engine_env *env;
    api_done_fn done; /* NULL: nobody waits */
    void *done_arg;
};

static void written(void *arg, const struct store_done *result)
{
    auto_mem struct writing *w = arg;

    audit_committed(w->env, result);
    if (w->done != NULL)
        w->done(w->done_arg, &(struct api_outcome){.e = result->err});
    else if (result->err != NULL && result->err->code != ERR_CONFLICT &&
             result->err->code != ERR_INVALID) /* both: it is there */
        log_event(LOG_WARN, "ledger.entry_not_kept", F_ERR(result->err));
}

void audit_submit(const struct engine_env *env, struct store_batch *batch, api_done_fn done,
                  void *done_arg)
{
    struct writing *w = mem_new(struct writing);
    struct err e = {0};

    *w = (struct writing){env, done, done_arg};
    if (store_submit_take(env->store, &batch, written, w, &e))
        return;
    store_batch_free(batch);
    written(w, &(struct store_done){.err = &e});
}

void audit_write(const struct engine_env *env, const struct api_actor *who, const char *type,
                 json_t *data, api_done_fn done, void *done_arg)
{
    struct store_batch *batch = store_batch_new();

    audit_append(env, batch, who, type, data);
    audit_submit(env, batch, done, done_arg);
}

void audit_write_once(const struct engine_env *env, const struct api_actor *who, const char *id,
                      const char *type, json_t *data)
{
    auto_done(store_event_list) there = {0};
    auto_json taken = data;
    struct store_batch *batch;
    struct err e = {0};

    if (!store_read_last_event(env->reader, who->tenant, id, &there, &e) || there.count > 0)
        return;
    batch = store_batch_new();
    append(batch, who, id, env->clock.wall_us(), type, take(taken));
    audit_submit(env, batch, NULL, NULL);
}

void actor_trace(const struct engine_env *env, char ret[ACTOR_TRACE_BYTES])
{
    uint8_t drawn[(ACTOR_TRACE_BYTES - 1) / 2];

    env->random(drawn, sizeof drawn);
    text_hex(drawn, sizeof drawn, ret);
}

struct actor *actor_new(const struct api_actor *who)
{
    struct actor *actor = mem_new(struct actor);

    actor->who = (struct api_actor){.tenant = mem_str(who->tenant),
                                    .subject = mem_str(who->subject),
                                    .reason = mem_str(who->reason),
                                    .ticket = mem_str(who->ticket),
                                    .trace_id = mem_str(who->trace_id),
                                    .traceparent = mem_str(who->traceparent)};
    return actor;
}

void actor_free(struct actor *actor)
{
    if (actor == NULL)
        return;
    free((char *)actor->who.tenant);
    free((char *)actor->who.subject);
    free((char *)actor->who.reason);
    free((char *)actor->who.ticket);
    free((char *)actor->who.trace_id);
    free((char *)actor->who.traceparent);
    free(actor);
}
