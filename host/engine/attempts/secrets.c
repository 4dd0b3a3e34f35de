/* secrets.c -- see secrets.h. */
#include "engine/attempts/secrets.h"

#include "base/mem.h"
#include "engine/env/env.h"
#include "model/dag/dag.h"

#include <assert.h>
#include <string.h>

enum { SENDING_MAGIC = 0x5ec2e75e };

/* Given to the authority with the request, which answers it once. */
struct sending {
    uint32_t magic;
    uint64_t attempt_id;
    struct secrets_sink sink;
};

static void sent(void *arg, const struct authority_result *result unused_arg, const struct err *e)
{
    auto_mem struct sending *s = arg;

    assert(s->magic == SENDING_MAGIC);
    if (e != NULL)
        s->sink.failed(s->sink.arg, s->attempt_id,
                       e->code == ERR_UNAVAILABLE ? OUTCOME_INFRA : OUTCOME_BAD_INPUT, e->msg);
}

static bool blob_read(const struct engine_env *env, const char *tenant,
                      const struct secret_ref *ref, struct store_secret_list *ret, struct err *e)
{
    int64_t version = *ref->version != '\0' ? strtoll(ref->version, NULL, 10) : 0;

    if (!store_read_secret(env->reader, tenant, ref->secret, version, ret, e))
        return err_wrap(e, "secret_refs '%s' (secret://%s)", ref->name, ref->secret);
    return true;
}

static bool send_all(const struct engine_env *env, const char *tenant, const struct dag_node *node,
                     int *pipe_fd, struct sending *sending, struct err *e)
{
    const struct engine_authority *authority = &env->authority;
    struct store_secret_list rows[SECRETS_PER_ATTEMPT_MAX] = {0};
    struct authority_secret_ref refs[SECRETS_PER_ATTEMPT_MAX];
    size_t count = node->secret_ref_count, i;
    bool ok = true;

    if (count > SECRETS_PER_ATTEMPT_MAX)
        return err_set(e, ERR_LIMIT, "%zu secret_refs, at most %d are taken", count,
                       SECRETS_PER_ATTEMPT_MAX);
    for (i = 0; i < count && ok; i++) {
        ok = blob_read(env, tenant, &node->secret_refs[i], &rows[i], e);
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
        ok = authority->secret_unseal(authority->client, tenant, refs, (unsigned)count, pipe_fd,
                                      (struct authority_reply){sent, sending}, e);
    for (i = 0; i < count; i++)
        store_secret_list_done(&rows[i]);
    return ok;
}

void secrets_send(const struct engine_env *env, const char *tenant, const struct dag_node *node,
                  int *pipe_fd, uint64_t attempt_id, struct secrets_sink sink)
{
    struct sending *sending = mem_new(struct sending);
    struct err e = {0};

    *sending = (struct sending){SENDING_MAGIC, attempt_id, sink};
    if (!send_all(env, tenant, node, pipe_fd, sending, &e))
        sent(sending, NULL, &e);
    if (*pipe_fd >= 0) {
        close(*pipe_fd);
        *pipe_fd = -1;
    }
}
