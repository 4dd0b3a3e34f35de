/* metrics.c -- Prometheus text, and GreenLang's JSON summary for one tenant. */
#include "observe/metrics.h"
#include "api/http/jsonw.h"
#include "api/request/made.h"
#include "api/routes/handlers.h"
#include "base/mem.h"
#include "observe/resident.h"
#include "store/reader.h"
#include "store/store.h"

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

enum { PIECE_BYTES = 64 * 1024 };

struct text {
    const struct metrics *metrics;
    struct metrics_place at;
    struct buf first; /* a piece that was made to see how long the text is */
};

static enum piece next_piece(void *arg, struct buf *out)
{
    struct text *text = arg;

    if (text->first.len > 0) {
        buf_add(out, text->first.data, text->first.len);
        buf_done(&text->first);
        text->first = (struct buf){0};
        return PIECE_MADE;
    }
    return metrics_text_piece(text->metrics, &text->at, PIECE_BYTES, out) ? PIECE_MADE : PIECE_OVER;
}

static void text_free(void *arg)
{
    struct text *text = arg;

    buf_done(&text->first);
    free(text);
}

static void reply_whole(struct api_request *req, struct text *text, struct buf *body)
{
    while (next_piece(text, body) == PIECE_MADE)
        ;
    api_reply_bytes(req, 200, METRICS_TYPE, body);
}

/* A text of megabytes is made as the client reads; one that fits a piece has its length. */
void metrics_prometheus(struct api_request *req)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct text *text = mem_new(struct text);
    auto_done(buf) body = {0};

    engine->gauges(engine->arg);
    metrics_set(req->server->opt.metrics, METRIC_DB_ACTIVE, METRIC_LABELS("orchestrator-service"),
                store_connections_at_work());
    metrics_set(req->server->opt.metrics, METRIC_RESIDENT, METRIC_NO_LABELS,
                (double)resident_bytes());
    text->metrics = req->server->opt.metrics;
    (void)next_piece(text, &body);
    if (body.len >= PIECE_BYTES && req->head.method != HTTP_HEAD) {
        text->first = body;
        body = (struct buf){0};
        api_reply_pieces(req, METRICS_TYPE, &(struct reply_pieces){next_piece, text_free, text});
        return;
    }
    reply_whole(req, text, &body);
    text_free(text);
}

static void add_counts(struct buf *b, const struct store_status_counts *counts)
{
    int64_t total = 0;

    jw_open(b, "executions_by_status", '{');
    for (uint32_t s = STORE_RUN_INVALID + 1; s < STORE_RUN_STATUS_COUNT; s++) {
        if (counts->of[s] > 0)
            jw_int(b, store_run_status_text(s), counts->of[s]);
        total += counts->of[s];
    }
    jw_close(b, '}');
    jw_int(b, "total_executions", total);
    jw_int(b, "active_executions", counts->of[STORE_RUN_RUNNING] + counts->of[STORE_RUN_PAUSED]);
    jw_int(b, "queued_executions", counts->of[STORE_RUN_PENDING]);
}

static void add_durations(struct buf *b, const struct store_durations *d,
                          const struct store_slow_node_list *slowest)
{
    jw_real(b, "avg_execution_duration_ms", d->run_avg_ms);
    jw_real(b, "p99_node_duration_ms", d->node_p99_ms);
    jw_open(b, "slowest_nodes", '[');
    for (size_t i = 0; i < slowest->count; i++) {
        const struct store_slow_node *node = &slowest->rows[i];

        jw_open(b, NULL, '{');
        jw_str(b, "node_id", node->node_id);
        jw_str(b, "dag_id", node->dag_id);
        jw_real(b, "avg_duration_ms", node->avg_ms);
        jw_real(b, "p99_duration_ms", node->p99_ms);
        jw_close(b, '}');
    }
    jw_close(b, ']');
}

/* What only the host knows, asked on the loop. */
struct limits {
    uint32_t runs_active_max;
    const char *checkpoint_strategy; /* constant */
};

static bool make_summary(const struct api_request *req, struct store_reader *reader,
                         struct made *made, struct err *e)
{
    const struct limits *limits = made->arg;
    const char *tenant = req->who.tenant;
    auto_done(store_slow_node_list) slowest = {0};
    struct store_durations durations;
    struct store_status_counts counts;
    struct buf *body = &made->body;
    int64_t dags;

    if (!store_read_dag_count(reader, tenant, &dags, e) ||
        !store_read_status_counts(reader, tenant, &counts, e) ||
        !store_read_durations(reader, tenant, &durations, e) ||
        !store_read_slow_nodes(reader, tenant, &slowest, e))
        return false;
    jw_open(body, NULL, '{');
    jw_int(body, "registered_dags", dags);
    add_counts(body, &counts);
    jw_int(body, "max_concurrent_executions", limits->runs_active_max);
    jw_str(body, "checkpoint_strategy", limits->checkpoint_strategy);
    jw_bool(body, "provenance_enabled", true);
    jw_bool(body, "determinism_enabled", true);
    add_durations(body, &durations, &slowest);
    jw_close(body, '}');
    return true;
}

void metrics_summary(struct api_request *req)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct limits *limits = mem_new(struct limits);
    struct api_health health = {0};

    engine->health(engine->arg, &health);
    *limits = (struct limits){health.runs_active_max, health.checkpoint_strategy};
    api_reply_made(req, &(struct make){.fn = make_summary, .arg = limits, .free = free});
}
