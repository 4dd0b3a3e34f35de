/* history.c -- see history.h. */
#include "api/rpc/history.h"

#include "api/http/jsonw.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

#include <string.h>
#include <sys/queue.h>

struct past {
    TAILQ_ENTRY(past) link;
    int64_t ended_us, took_ns;
    int error_code;
    uint32_t id_at; /* in texts */
    size_t bytes;   /* of all of it */
    char texts[];   /* the method and the id, each as JSON */
};

struct of_tenant {
    char *tenant;
    TAILQ_HEAD(past_list, past) calls; /* newest first */
    size_t count, bytes;
    TAILQ_ENTRY(of_tenant) link;
};

struct rpc_history {
    TAILQ_HEAD(tenant_list, of_tenant) tenants; /* who called last first */
    size_t count;
};

struct rpc_history *rpc_history_new(void)
{
    struct rpc_history *h = mem_new(struct rpc_history);

    TAILQ_INIT(&h->tenants);
    return h;
}

static void forget_oldest(struct of_tenant *of)
{
    struct past *past = TAILQ_LAST(&of->calls, past_list);

    TAILQ_REMOVE(&of->calls, past, link);
    of->count--;
    of->bytes -= past->bytes;
    free(past);
}

static void forget_tenant(struct rpc_history *h, struct of_tenant *of)
{
    while (of->count > 0)
        forget_oldest(of);
    TAILQ_REMOVE(&h->tenants, of, link);
    h->count--;
    free(of->tenant);
    free(of);
}

void rpc_history_free(struct rpc_history *h)
{
    if (h == NULL)
        return;
    while (!TAILQ_EMPTY(&h->tenants))
        forget_tenant(h, TAILQ_FIRST(&h->tenants));
    free(h);
}

static struct of_tenant *find(const struct rpc_history *h, const char *tenant)
{
    struct of_tenant *of;

    TAILQ_FOREACH(of, &h->tenants, link)
    {
        if (strcmp(of->tenant, tenant) == 0)
            return of;
    }
    return NULL;
}

static struct of_tenant *of_tenant_new(struct rpc_history *h, const char *tenant)
{
    struct of_tenant *of = mem_new(struct of_tenant);

    if (h->count == HISTORY_TENANTS_MAX)
        forget_tenant(h, TAILQ_LAST(&h->tenants, tenant_list));
    of->tenant = mem_str(tenant);
    TAILQ_INIT(&of->calls);
    TAILQ_INSERT_HEAD(&h->tenants, of, link);
    h->count++;
    return of;
}

/* ---- one call ---- */

static void add_method(struct buf *texts, const char *method)
{
    auto_done(buf) cut = {0};

    if (method == NULL) {
        buf_adds(texts, "null");
        return;
    }
    text_add_printable(&cut, method, strnlen(method, HISTORY_METHOD_BYTES_MAX));
    buf_add_json_str(texts, buf_text(&cut), cut.len);
}

static struct past *past_new(const struct rpc_past *told)
{
    auto_done(buf) texts = {0};
    struct past *past;
    size_t id_at;

    add_method(&texts, told->method);
    buf_addc(&texts, '\0');
    id_at = texts.len;
    if (told->id != NULL)
        json_add_compact(&texts, told->id);
    else
        buf_adds(&texts, "null");
    buf_addc(&texts, '\0');
    past = mem_alloc(sizeof *past + texts.len);
    *past = (struct past){.ended_us = told->ended_us,
                          .took_ns = told->took_ns,
                          .error_code = told->error_code,
                          .id_at = (uint32_t)id_at,
                          .bytes = sizeof *past + texts.len};
    memcpy(past->texts, buf_text(&texts), texts.len);
    return past;
}

void rpc_history_add(struct rpc_history *h, const char *tenant, const struct rpc_past *told)
{
    struct of_tenant *of = find(h, tenant);
    struct past *past = past_new(told);

    if (of == NULL) {
        of = of_tenant_new(h, tenant);
    } else {
        TAILQ_REMOVE(&h->tenants, of, link);
        TAILQ_INSERT_HEAD(&h->tenants, of, link);
    }
    TAILQ_INSERT_HEAD(&of->calls, past, link);
    of->count++;
    of->bytes += past->bytes;
    while (of->count > HISTORY_CALLS_MAX || of->bytes > HISTORY_BYTES_MAX)
        forget_oldest(of);
}

static void show_one(struct buf *b, const struct past *past)
{
    jw_open(b, NULL, '{');
    jw_raw(b, "method", past->texts);
    jw_raw(b, "id", past->texts + past->id_at);
    jw_time(b, "timestamp", past->ended_us);
    jw_real(b, "duration_ms", (double)past->took_ns * 1e-6);
    jw_bool(b, "success", past->error_code == 0);
    if (past->error_code != 0)
        jw_int(b, "error_code", past->error_code);
    else
        jw_raw(b, "error_code", NULL);
    jw_close(b, '}');
}

void rpc_history_show(const struct rpc_history *h, const char *tenant, int64_t limit,
                      struct buf *ret)
{
    const struct of_tenant *of = find(h, tenant);
    const struct past *past = of != NULL ? TAILQ_FIRST(&of->calls) : NULL;

    jw_open(ret, NULL, '{');
    jw_open(ret, "history", '[');
    for (int64_t i = 0; i < limit && past != NULL; i++, past = TAILQ_NEXT(past, link))
        show_one(ret, past);
    jw_close(ret, ']');
    jw_int(ret, "total", of != NULL ? (int64_t)of->count : 0);
    jw_close(ret, '}');
}
