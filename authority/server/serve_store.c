/* serve_store.c -- which store the host's key signs for. See server.h. */
#include "authority/server/server.h"

#include "base/uuid.h"

bool serve_store_bind(struct server *s, struct request *r, struct buf *reply, struct err *e)
{
    char id[UUID_TEXT_BYTES];
    auto_done(buf) heads = {0};
    bool anew;

    unpack_str(&r->body, id, sizeof id);
    anew = unpack_u32(&r->body) != 0;
    if (!unpack_end(&r->body, e) || !history_bind(s->history, id, anew, e))
        return false;
    history_list(s->history, &heads);
    pack_bytes(reply, heads.data, heads.len);
    return true;
}
