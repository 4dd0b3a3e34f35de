/* ledger.c -- the tenant's signed ledger head, and its ledger as NDJSON (model/ledger/export.h).
 *
 * from and to are times (RFC 3339). An export is always from one signed head to another, so that it
 * can be proved whole: the window is widened to them. It begins behind the last head made before
 * `from` (the first event without one), and ends with the first head made at `to` or later, else
 * the newest; also where that head was made by a clock that was ahead, for events of the window may
 * stand behind it. The host first signs one over everything that is committed. */
#include "api/request/reply.h"
#include "api/routes/handlers.h"
#include "api/routes/view.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "model/ledger/export.h"

enum { EVENTS_A_PIECE = 256 };

#define NO_HEAD "LEDGER_HEAD_NOT_FOUND"

/* The envelope as it is: what `orch verify` takes. */
void ledger_head(struct api_request *req)
{
    auto_done(store_ledger_head_list) rows = {0};
    struct buf body = {0};
    struct err e = {0};

    if (!store_read_ledger_head(req->server->opt.reader, req->who.tenant, &rows, &e)) {
        api_reply_error(req, &e, NULL);
        return;
    }
    if (rows.count == 0) {
        (void)err_set(&e, ERR_NOT_FOUND, "no head of this tenant's ledger is signed yet");
        api_reply_error(req, &e, NO_HEAD);
        return;
    }
    buf_adds(&body, rows.rows[0].envelope);
    api_reply_text(req, 200, &body);
}

/* ---- export: the body ---- */

enum export_at { AT_FIRST, AT_EVENTS, AT_OVER };

struct export
{
    struct store_reader *reader;
    char *tenant;
    json_t *since, *head; /* envelopes; since may be NULL */
    int64_t cursor;       /* seq of the last event that was written or passed over */
    int64_t last_seq;     /* of head */
    int64_t tree_size;    /* the same */
    enum export_at at;
    struct ledger_export lines;
};

static void export_free(void *arg)
{
    struct export *x = arg;

    ledger_export_done(&x->lines);
    json_decref(x->since);
    json_decref(x->head);
    free(x->tenant);
    free(x);
}

static void add_event(struct export *x, const struct store_event *row, struct buf *out)
{
    char timestamp[CLOCK_TEXT_BYTES];
    struct ledger_event event = {row->run_id, row->type, timestamp, row->payload};

    clock_text(row->at_us, timestamp);
    ledger_export_event(&x->lines, &event, (uint64_t)row->n, row->prev_hash, row->hash, out);
}

/* A page, which may hold no event of the tenant. */
static bool add_events(struct export *x, struct buf *out, struct err *e)
{
    const struct store_event_filter filter = {.tenant = x->tenant};
    auto_done(store_event_list) rows = {0};

    if (!store_read_events(x->reader, &filter, x->cursor, EVENTS_A_PIECE, &rows, &x->cursor, e))
        return false;
    for (size_t i = 0; i < rows.count && rows.rows[i].seq <= x->last_seq; i++)
        add_event(x, &rows.rows[i], out);
    return true;
}

static bool add_piece(struct export *x, struct buf *out, struct err *e)
{
    if (x->at == AT_FIRST) {
        x->at = AT_EVENTS;
        return ledger_export_begin(&x->lines, x->tenant, x->since, out, e);
    }
    if (x->cursor < x->last_seq)
        return add_events(x, out, e);
    x->at = AT_OVER;
    return ledger_export_end(&x->lines, x->head, out, e);
}

/* After an error the last line is missing, which is how the reader knows. */
static bool export_next(void *arg, struct buf *out)
{
    struct export *x = arg;
    struct err e = {0};

    if (x->at == AT_OVER)
        return false;
    if (add_piece(x, out, &e))
        return true;
    log_event(LOG_ERROR, "ledger.export_cut", F_STR("tenant", x->tenant), F_ERR(&e));
    return false;
}

/* ---- export: the request ---- */

struct window {
    int64_t from, to; /* 0: open */
};

static bool query_window(const struct api_request *req, struct window *ret, struct err *e)
{
    if (!query_time(req, "from", &ret->from, e) || !query_time(req, "to", &ret->to, e))
        return false;
    if (ret->from != 0 && ret->to != 0 && ret->from > ret->to)
        return err_set(e, ERR_INVALID, "'from' is later than 'to'");
    return true;
}

static bool read_end(const struct api_request *req, int64_t to, struct store_ledger_head_list *ret,
                     struct err *e)
{
    struct store_reader *reader = req->server->opt.reader;

    if (to != 0 && !store_read_ledger_head_from(reader, req->who.tenant, to, ret, e))
        return false;
    if (ret->count > 0 && ret->rows[0].created_us <= clock_wall_us())
        return true;
    store_ledger_head_list_done(ret); /* none, or one of a clock that was ahead: see heads.c */
    return store_read_ledger_head(reader, req->who.tenant, ret, e);
}

static bool take_heads(struct export *x, const struct store_ledger_head_list *since,
                       const struct store_ledger_head_list *head, struct err *e)
{
    if (head->count == 0)
        return err_set(e, ERR_NOT_FOUND, "this tenant's ledger has no event yet");
    x->head = json_loads(head->rows[0].envelope, 0, NULL);
    x->last_seq = head->rows[0].last_seq;
    x->tree_size = head->rows[0].tree_size;
    if (since->count > 0) {
        x->since = json_loads(since->rows[0].envelope, 0, NULL);
        x->cursor = since->rows[0].last_seq;
    }
    if (x->head == NULL || (since->count > 0 && x->since == NULL))
        return err_set(e, ERR_CORRUPT, "a stored ledger head is not JSON");
    return true;
}

static bool open_export(const struct api_request *req, struct export *x, struct err *e)
{
    auto_done(store_ledger_head_list) since = {0};
    auto_done(store_ledger_head_list) head = {0};
    struct window window;

    x->reader = req->server->opt.reader;
    x->tenant = mem_str(req->who.tenant);
    if (!query_window(req, &window, e) || !read_end(req, window.to, &head, e))
        return false;
    if (window.from != 0 &&
        !store_read_ledger_head_before(x->reader, x->tenant, window.from, &since, e))
        return false;
    return take_heads(x, &since, &head, e);
}

/* The tenant's name is of plain characters (identity.h). */
static void send_export(struct api_request *req, struct export *x)
{
    auto_mem char *disposition = mem_printf("attachment; filename=\"ledger-%s-%lld.ndjson\"",
                                            x->tenant, (long long)x->tree_size);

    api_header(req, "Content-Disposition", disposition);
    api_reply_pieces(req, "application/x-ndjson",
                     &(struct reply_pieces){export_next, export_free, x});
}

static void on_sealed(void *arg, const struct api_outcome *outcome)
{
    struct api_request *req = request_of(arg);
    struct export *x;
    struct err e = {0};

    if (outcome->e != NULL) {
        api_reply_outcome_error(req, outcome);
        return;
    }
    x = mem_new(struct export);
    if (!open_export(req, x, &e)) {
        export_free(x);
        api_reply_error(req, &e, e.code == ERR_NOT_FOUND ? NO_HEAD : NULL);
        return;
    }
    send_export(req, x);
}

void ledger_export(struct api_request *req)
{
    const struct api_engine *engine = req->server->opt.engine;
    struct window window;
    struct err e = {0};

    if (!query_window(req, &window, &e)) {
        api_reply_error(req, &e, NULL);
        return;
    }
    if (req->head.method == HTTP_HEAD) {
        (void)err_set(&e, ERR_INVALID, "an export has no HEAD");
        api_reply_error(req, &e, NULL);
        return;
    }
    engine->ledger_seal(engine->arg, on_sealed, req);
}
