/* made.c -- see made.h. */
#include "api/request/made.h"

#include "base/mem.h"
#include "store/beside.h"

/* ---- a read ---- */

struct reading {
    struct api_request *req;
    struct read read;
    bool ok;
    struct err e;
};

static void reading_drop(void *arg)
{
    auto_mem struct reading *r = arg;

    r->read.drop(r->read.arg);
}

static void read_now(void *arg, struct store_reader *reader)
{
    struct reading *r = arg;

    r->ok = r->read.fn(r->req, r->read.arg, reader, &r->e);
}

static void was_read(void *arg)
{
    auto_mem struct reading *r = arg;
    struct api_request *req = request_of(r->req);

    req->server->reads--;
    r->read.then(req, r->read.arg, r->ok ? NULL : &r->e);
}

void api_read(struct api_request *req, const struct read *read)
{
    struct reading *r;
    struct err e = {0};

    if (req->server->reads >= READS_MAX && !read->owed) {
        (void)err_set(&e, ERR_UNAVAILABLE, "%d requests wait for the store", READS_MAX);
        read->then(req, read->arg, &e);
        return;
    }
    r = mem_new(struct reading);
    *r = (struct reading){.req = req, .read = *read};
    req->server->reads++;
    beside_give(req->server->opt.beside,
                &(struct beside_work){read_now, was_read, reading_drop, r});
}

/* ---- an answer ---- */

struct making {
    struct make make;
    struct made made;
};

static void making_free(void *arg)
{
    struct making *m = arg;

    buf_done(&m->made.body);
    json_decref(m->made.faults);
    if (m->make.free != NULL)
        m->make.free(m->make.arg);
    free(m);
}

static bool make_now(const struct api_request *req, void *arg, struct store_reader *reader,
                     struct err *e)
{
    struct making *m = arg;

    return m->make.fn(req, reader, &m->made, e);
}

static void send_made(struct api_request *req, void *arg, const struct err *e)
{
    struct making *m = arg;
    int status = m->make.status != 0 ? m->make.status : req->match.route->success;

    if (m->made.told != NULL)
        m->made.told(req, &m->made);
    if (e == NULL)
        api_reply_text(req, status, &m->made.body);
    else
        api_reply_error(req, e, m->made.code);
    making_free(m);
}

void api_reply_made(struct api_request *req, const struct make *make)
{
    struct making *m = mem_new(struct making);

    *m = (struct making){.make = *make, .made.arg = make->arg};
    api_read(req, &(struct read){make_now, send_made, making_free, m, make->owed});
}

/* ---- pieces ---- */

/* The connection's, and while a piece is being made the thread's too. */
struct pieces {
    const struct request_server *server;
    struct conn *conn;
    struct make_pieces make;
    struct buf piece; /* the next, when it is there */
    bool there, more, cut;
    bool making;
    bool left; /* by the connection, while it was made */
    struct err e;
};

static void pieces_end(void *arg)
{
    struct pieces *p = arg;

    p->left = true;
    if (p->making)
        return;
    buf_done(&p->piece);
    p->make.free(p->make.arg);
    free(p);
}

static void make_piece(void *arg, struct store_reader *reader)
{
    struct pieces *p = arg;

    p->cut = !p->make.fn(p->make.arg, reader, &p->piece, &p->more, &p->e);
}

static void piece_made(void *arg)
{
    struct pieces *p = arg;

    p->making = false;
    p->there = true;
    if (p->cut)
        p->make.cut(p->make.arg, &p->e);
    if (p->left)
        pieces_end(p);
    else
        p->server->opt.conn->go_on(p->conn);
}

static void piece_dropped(void *arg)
{
    struct pieces *p = arg;

    p->making = false;
    pieces_end(p);
}

static enum piece next_piece(void *arg, struct buf *out)
{
    struct pieces *p = arg;

    if (p->cut || (!p->there && !p->more))
        return PIECE_OVER;
    if (!p->there) {
        p->making = true;
        beside_give(p->server->opt.beside,
                    &(struct beside_work){make_piece, piece_made, piece_dropped, p});
        return PIECE_LATER;
    }
    p->there = false;
    buf_add(out, p->piece.data, p->piece.len);
    buf_clear(&p->piece);
    return PIECE_MADE;
}

void api_reply_made_pieces(struct api_request *req, const char *content_type,
                           const struct make_pieces *make)
{
    struct pieces *p = mem_new(struct pieces);

    *p = (struct pieces){.server = req->server, .conn = req->conn, .make = *make, .more = true};
    api_reply_pieces(req, content_type, &(struct reply_pieces){next_piece, pieces_end, p});
}
