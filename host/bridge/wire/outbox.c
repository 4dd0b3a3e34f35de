/* outbox.c -- see outbox.h. */
#include "bridge/wire/outbox.h"

#include "base/mem.h"

#include <errno.h>

struct outbox_message {
    enum bridge_message type;
    struct buf body;
    STAILQ_ENTRY(outbox_message) link;
};

void outbox_init(struct outbox *out)
{
    STAILQ_INIT(&out->list);
    out->bytes = 0;
}

/* The first one has been sent, or will not be. */
static void drop_first(struct outbox *out)
{
    struct outbox_message *m = STAILQ_FIRST(&out->list);

    STAILQ_REMOVE_HEAD(&out->list, link);
    out->bytes -= m->body.len;
    buf_done(&m->body);
    free(m);
}

void outbox_clear(struct outbox *out)
{
    while (!outbox_empty(out))
        drop_first(out);
}

bool outbox_add(struct outbox *out, enum bridge_message type, struct buf *body)
{
    struct outbox_message *m;

    if (out->bytes + body->len > OUTBOX_BYTES_MAX) {
        buf_done(body);
        *body = (struct buf){0};
        return false;
    }
    m = mem_new(struct outbox_message);
    m->type = type;
    m->body = *body;
    *body = (struct buf){0};
    out->bytes += m->body.len;
    STAILQ_INSERT_TAIL(&out->list, m, link);
    return true;
}

bool outbox_send(struct outbox *out, int sock)
{
    while (!outbox_empty(out)) {
        struct outbox_message *m = STAILQ_FIRST(&out->list);
        struct err e = {0};

        if (!message_send(sock, m->type, 0, &m->body, -1, &e))
            return e.sys_errno == EAGAIN;
        drop_first(out);
    }
    return true;
}
