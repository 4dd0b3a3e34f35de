/* ledger.c -- the tenant's signed ledger head, and its ledger as NDJSON (model/ledger/export.h).
 *
 * from and to are times (RFC 3339). An export is always from one signed head to another, so that it
 * can be proved whole: the window is widened to them. It begins behind the last head made before
 * `from` (the first event without one), and ends with the first head made at `to` or later, else
 * the newest; also where that head was made by a clock that was ahead, for events of the window may
 * stand behind it. The host first signs one over everything that is committed. */
#include "api/request/made.h"
#include "api/routes/handlers.h"
#include "api/routes/view.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "model/ledger/export.h"

enum { EVENTS_A_PIECE = 256 };

#define NO_HEAD "LEDGER_HEAD_NOT_FOUND"

/* The envelope as it is: what `orch verify` takes. */
bool ledger_head(const struct api_request *req, struct store_reader *reader, struct made *made,
                 struct err *e)
{
    auto_done(store_ledger_head_list) rows = {0};

    if (!store_read_ledger_head(reader, req->who.tenant, &rows, e))
        return false;
    if (rows.count == 0) {
        made->code = NO_HEAD;
        return err_set(e, ERR_NOT_FOUND, "no head of this tenant's ledger is signed yet");
    }
    buf_adds(&made->body, rows.rows[0].envelope);
    return true;
}

/* ---- export: the body ---- */

enum export_at { AT_FIRST, AT_EVENTS, AT_OVER };

struct export
{
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
static bool add_events(struct export *x, struct store_reader *reader, struct buf *out,
                       struct err *e)
{
    const struct store_event_filter filter = {.tenant = x->tenant};
    auto_done(store_event_list) rows = {0};

    if (!store_read_events(reader, &filter, x->cursor, EVENTS_A_PIECE, &rows, &x->cursor, e))
        return false;
    for (size_t i = 0; i < rows.count && rows.rows[i].seq <= x->last_seq; i++)
        add_event(x, &rows.rows[i], out);
    return true;
}

static bool add_piece(struct export *x, struct store_reader *reader, struct buf *out, struct err *e)
{
    if (x->at == AT_FIRST) {
        x->at = AT_EVENTS;
        return ledger_export_begin(&x->lines, x->tenant, x->since, out, e);
    }
    if (x->cursor < x->last_seq)
        return add_events(x, reader, out, e);
    x->at = AT_OVER;
    return ledger_export_end(&x->lines, x->head, out, e);
}

static bool make_piece(void *arg, struct store_reader *reader, struct buf *ret, bool *ret_more,
                       struct err *e)
{
    struct export *x = arg;

    if (!add_piece(x, reader, ret, e))
        return false;
    *ret_more = x->at != AT_OVER;
    return true;
}

/* The last line is missing, which is how the reader knows. */
static void tell_cut(void *arg, const struct err *e)
{
    const struct export *x = arg;

    log_event(LOG_ERROR, "ledger.export_cut", F_STR("tenant", x->tenant), F_ERR(e));
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

static bool read_end(struct store_reader *reader, const char *tenant, int64_t to,
                     struct store_ledger_head_list *ret, struct err *e)
{
    if (to != 0 && !store_read_ledger_head_from(reader, tenant, to, ret, e))
        return false;
    if (ret->count > 0 && ret->rows[0].created_us <= clock_wall_us())
        return true;
    store_ledger_head_list_done(ret); /* none, or one of a clock that was ahead: see heads.c */
    return store_read_ledger_head(reader, tenant, ret, e);
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

static bool open_export(const struct api_request *req, void *arg, struct store_reader *reader,
                        struct err *e)
{
    auto_done(store_ledger_head_list) since = {0};
    auto_done(store_ledger_head_list) head = {0};
    struct export *x = arg;
    struct window window;

    if (!query_window(req, &window, e) || !read_end(reader, x->tenant, window.to, &head, e))
        return false;
    if (window.from != 0 &&
        !store_read_ledger_head_before(reader, x->tenant, window.from, &since, e))
        return false;
    return take_heads(x, &since, &head, e);
}

/* The tenant's name is of plain characters (identity.h). */
static void send_export(struct api_request *req, struct export *x)
{
    auto_mem char *disposition = mem_printf("attachment; filename=\"ledger-%s-%lld.ndjson\"",
                                            x->tenant, (long long)x->tree_size);

    api_header(req, "Content-Disposition", disposition);
    api_reply_made_pieces(req, "application/x-ndjson",
                          &(struct make_pieces){make_piece, tell_cut, export_free, x});
}

static void on_opened(struct api_request *req, void *arg, const struct err *e)
{
    if (e == NULL) {
        send_export(req, arg);
        return;
    }
    export_free(arg);
    api_reply_error(req, e, e->code == ERR_NOT_FOUND ? NO_HEAD : NULL);
}

static void on_sealed(void *arg, const struct api_outcome *outcome)
{
    struct api_request *req = request_of(arg);
    struct export *x;

    if (outcome->e != NULL) {
        api_reply_outcome_error(req, outcome);
        return;
    }
    x = mem_new(struct export);
    x->tenant = mem_str(req->who.tenant);
    api_read(req,
             &(struct read){.fn = open_export, .then = on_opened, .drop = export_free, .arg = x});
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
    engine->ledger_seal(engine->arg, req->who.tenant, on_sealed, req);
}
