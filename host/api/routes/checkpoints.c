/* checkpoints.c -- GreenLang's checkpoints: list and delete. */
#include "api/http/jsonw.h"
#include "api/request/made.h"
#include "api/routes/handlers.h"
#include "api/routes/view.h"
#include "base/mem.h"

enum { CHECKPOINTS_BYTES_MAX = 64 * 1024 * 1024 };

static void add_checkpoint(struct buf *b, const struct store_checkpoint *row)
{
    jw_open(b, NULL, '{');
    jw_str(b, "execution_id", row->run_id);
    jw_str(b, "node_id", row->node_id);
    jw_str(b, "status", store_node_status_text(row->status));
    jw_raw(b, "outputs", row->outputs);
    jw_text(b, "output_hash", row->output_hash);
    jw_int(b, "attempt_count", row->attempts);
    jw_time(b, "created_at", row->created_us);
    jw_close(b, '}');
}

static bool add_all(const struct api_request *req, struct store_reader *reader, struct buf *b,
                    int64_t *ret_count, struct err *e)
{
    auto_mem char *token = NULL;

    *ret_count = 0;
    do {
        auto_done(store_checkpoint_list) rows = {0};

        if (!store_read_checkpoints(reader, req->who.tenant, api_param(req, "execution_id"),
                                    (struct store_page){.token = token,
                                                        .size = STORE_PAGE_ROWS_MAX},
                                    &rows, e))
            return false;
        for (size_t i = 0; i < rows.count; i++)
            add_checkpoint(b, &rows.rows[i]);
        *ret_count += (int64_t)rows.count;
        free(token);
        token = mem_str(rows.next_page);
    } while (token != NULL && b->len <= CHECKPOINTS_BYTES_MAX);
    return token == NULL || err_set(e, ERR_TOO_LARGE, "the checkpoints are over %d bytes together",
                                    CHECKPOINTS_BYTES_MAX);
}

/* An unknown execution has none: an empty list (contract). */
bool checkpoint_list(const struct api_request *req, struct store_reader *reader, struct made *made,
                     struct err *e)
{
    int64_t count;

    jw_open(&made->body, NULL, '{');
    jw_open(&made->body, "checkpoints", '[');
    if (!add_all(req, reader, &made->body, &count, e))
        return false;
    jw_close(&made->body, ']');
    jw_int(&made->body, "count", count);
    jw_close(&made->body, '}');
    return true;
}

static void on_deleted(void *arg, const struct api_outcome *out)
{
    json_t *body;

    if (out->e != NULL && out->e->code != ERR_NOT_FOUND) {
        api_reply_outcome_error(request_of(arg), out);
        return;
    }
    body = json_pack("{s:I, s:s}", "deleted", (json_int_t)(out->e != NULL ? 0 : out->count),
                     "message", "Checkpoints deleted");
    api_reply_json(request_of(arg), 200, &body);
}

void checkpoint_delete(struct api_request *req)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct api_actor who = api_actor(req);

    engine->checkpoints_delete(engine->arg, &who, api_param(req, "execution_id"), on_deleted, req);
}
