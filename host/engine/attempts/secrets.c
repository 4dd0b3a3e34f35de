/* secrets.c -- see secrets.h. */
#include "engine/attempts/secrets.h"

#include "base/clock.h"
#include "base/mem.h"
#include "daemon/host.h"
#include "engine/attempts/attempts.h"
#include "engine/commit/commit.h"
#include "engine/engine_parts.h"

#include <string.h>

/* ---- to an attempt ---- */

struct sending {
    struct host *host;
    uint64_t attempt_id;
};

static void sent(void *arg, const struct authority_result *result unused_arg, const struct err *e)
{
    auto_mem struct sending *s = arg;

    if (e != NULL)
        attempts_fail(s->host->engine->attempts, s->attempt_id,
                      e->code == ERR_UNAVAILABLE ? OUTCOME_INFRA : OUTCOME_BAD_INPUT, e->msg);
}

static bool blob_read(struct host *host, const char *tenant, const struct secret_ref *ref,
                      struct store_secret_list *ret, struct err *e)
{
    int64_t version = *ref->version != '\0' ? strtoll(ref->version, NULL, 10) : 0;

    if (!store_read_secret(host->reader, tenant, ref->secret, version, ret, e))
        return err_wrap(e, "secret_refs '%s' (secret://%s)", ref->name, ref->secret);
    return true;
}

static bool send_all(struct host *host, const char *tenant, const struct dag_node *node,
                     int *pipe_fd, struct sending *sending, struct err *e)
{
    struct store_secret_list rows[SECRETS_PER_ATTEMPT_MAX] = {0};
    struct authority_secret_ref refs[SECRETS_PER_ATTEMPT_MAX];
    size_t count = node->secret_ref_count, i;
    bool ok = true;

    if (count > SECRETS_PER_ATTEMPT_MAX)
        return err_set(e, ERR_LIMIT, "%zu secret_refs, at most %d are taken", count,
                       SECRETS_PER_ATTEMPT_MAX);
    for (i = 0; i < count && ok; i++) {
        ok = blob_read(host, tenant, &node->secret_refs[i], &rows[i], e);
        if (!ok)
            break;
        refs[i] = (struct authority_secret_ref){
            .env_name = node->secret_refs[i].name,
            .name = rows[i].rows[0].name,
            .version = (uint32_t)rows[i].rows[0].version,
            .blob = rows[i].rows[0].blob,
            .len = rows[i].rows[0].blob_bytes,
        };
    }
    if (ok)
        ok = authority_secret_unseal(host->authority, tenant, refs, (unsigned)count, pipe_fd,
                                     (struct authority_reply){sent, sending}, e);
    for (i = 0; i < count; i++)
        store_secret_list_done(&rows[i]);
    return ok;
}

void secrets_send(struct host *host, const char *tenant, const struct dag_node *node, int *pipe_fd,
                  uint64_t attempt_id)
{
    struct sending *sending = mem_new(struct sending);
    struct err e;

    *sending = (struct sending){host, attempt_id};
    if (!send_all(host, tenant, node, pipe_fd, sending, &e))
        sent(sending, NULL, &e);
    if (*pipe_fd >= 0) {
        close(*pipe_fd);
        *pipe_fd = -1;
    }
}

/* ---- from a client ---- */

struct putting {
    struct host *host;
    char *tenant, *name, *subject;
    int64_t version;
    api_done_fn done;
    void *done_arg;
};

static void putting_free(struct putting *p)
{
    free(p->tenant);
    free(p->name);
    free(p->subject);
    free(p);
}

static void stored(void *arg, const struct store_done *result)
{
    struct putting *p = arg;
    struct api_outcome outcome = {.e = result->err, .count = p->version, .created = true};

    p->done(p->done_arg, &outcome);
    putting_free(p);
}

static void submit(struct putting *p, struct store_batch *batch)
{
    struct err e;

    if (store_submit_take(p->host->store, &batch, stored, p, &e))
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
                                      .tenant = p->tenant,
                                      .name = p->name,
                                      .version = p->version,
                                      .blob = result->blob.data,
                                      .blob_bytes = result->blob.len,
                                      .created_by = p->subject,
                                      .created_us = clock_wall_us(),
                                  });
    submit(p, batch);
}

static struct putting *putting_new(struct host *host, const struct api_actor *who, const char *name,
                                   api_done_fn done, void *done_arg)
{
    struct putting *p = mem_new(struct putting);

    *p = (struct putting){
        .host = host,
        .tenant = mem_str(who->tenant),
        .name = mem_str(name),
        .subject = mem_str(who->subject),
        .done = done,
        .done_arg = done_arg,
    };
    return p;
}

/* The version after the newest; 1 for a new name. */
static int64_t next_version(struct host *host, const char *tenant, const char *name)
{
    auto_done(store_secret_list) rows = {0};
    struct err e;

    return store_read_secret(host->reader, tenant, name, 0, &rows, &e) ? rows.rows[0].version + 1
                                                                       : 1;
}

void secrets_put(struct host *host, const struct api_actor *who, const struct api_secret_put *what,
                 api_done_fn done, void *done_arg)
{
    struct putting *p = putting_new(host, who, what->name, done, done_arg);
    struct err e;

    p->version = what->target_version != NULL ? strtoll(what->target_version, NULL, 10)
                                              : next_version(host, who->tenant, what->name);
    if (!authority_secret_seal(host->authority,
                               &(struct secret_name){p->tenant, p->name, (uint32_t)p->version},
                               what->boxed, what->boxed_len, (struct authority_reply){sealed, p},
                               &e))
        stored(p, &(struct store_done){.err = &e});
}

void secrets_delete(struct host *host, const struct api_actor *who, const char *name,
                    api_done_fn done, void *done_arg)
{
    struct putting *p = putting_new(host, who, name, done, done_arg);
    struct store_batch *batch;
    auto_done(store_secret_list) rows = {0};
    struct err e;

    if (!store_read_secret(host->reader, who->tenant, name, 0, &rows, &e)) {
        stored(p, &(struct store_done){.err = &e});
        return;
    }
    batch = store_batch_new();
    store_batch_secret_delete(batch, who->tenant, name, 0);
    submit(p, batch);
}
