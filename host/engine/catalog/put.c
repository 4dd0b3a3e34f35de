/* put.c -- see put.h. */
#include "engine/catalog/put.h"

#include "base/fd.h"
#include "base/limits.h"
#include "base/mem.h"

#include <string.h>
#include <unistd.h>

struct put {
    const struct engine_env *env;
    char *path, *plugin_id, *version, *key_id, *instead_of;
    struct sha256_hex archive_hash, bundle_hash;
    bundle_put_fn *done;
    void *arg;
    /* The thread's while it reads. */
    int fd;
    struct buf part;
    struct sha256_stream *hash;
    struct err e;
    /* The loop's. */
    int64_t parts, bytes;
};

static void put_free(struct put *p)
{
    uint8_t unused[SHA256_BYTES];

    if (p->hash != NULL)
        sha256_stream_end(p->hash, unused);
    if (p->fd >= 0)
        close(p->fd);
    buf_done(&p->part);
    free(p->path);
    free(p->plugin_id);
    free(p->version);
    free(p->key_id);
    free(p->instead_of);
    free(p);
}

static void ends(struct put *p, const struct err *why)
{
    p->done(p->arg, why);
    put_free(p);
}

/* ---- on a thread ---- */

static bool read_part(struct put *p, struct err *e)
{
    size_t len = 0;
    ssize_t n;

    buf_reserve(&p->part, STORE_BUNDLE_PART_BYTES);
    if (p->fd < 0 && !file_open(p->path, &p->fd, e))
        return false;
    while (len < STORE_BUNDLE_PART_BYTES &&
           (n = read(p->fd, p->part.data + len, STORE_BUNDLE_PART_BYTES - len)) != 0) {
        if (n < 0)
            return err_sys(e, "read '%s'", p->path);
        len += (size_t)n;
    }
    p->part.len = len;
    sha256_stream_add(p->hash, p->part.data, len);
    return true;
}

static void read_next(void *arg, struct store_reader *reader unused_arg)
{
    struct put *p = arg;

    buf_clear(&p->part);
    p->e = (struct err){0};
    if (!read_part(p, &p->e))
        buf_clear(&p->part);
}

/* ---- on the loop ---- */

static void drop(void *arg)
{
    put_free(arg);
}

static void was_read(void *arg);

static void go_on(struct put *p)
{
    beside_give(p->env->beside, &(struct beside_work){read_next, was_read, drop, p});
}

static void submit(struct put *p, struct store_batch *batch, store_done_fn *done)
{
    struct err e = {0};

    if (store_submit_take(p->env->store, &batch, done, p, &e))
        return;
    store_batch_free(batch);
    ends(p, &e);
}

static void part_stored(void *arg, const struct store_done *result)
{
    struct put *p = arg;

    if (result->err != NULL) {
        ends(p, result->err);
        return;
    }
    p->parts++;
    p->bytes += (int64_t)p->part.len;
    go_on(p);
}

static void put_part(struct put *p)
{
    struct store_batch *batch = store_batch_new();

    store_batch_bundle_part_put(batch, &(struct store_bundle_part){
                                           .tenant = "",
                                           .bundle_hash = p->bundle_hash.text,
                                           .part = p->parts,
                                           .content = p->part.data,
                                           .content_bytes = p->part.len,
                                       });
    submit(p, batch, part_stored);
}

static void row_stored(void *arg, const struct store_done *result)
{
    ends(arg, result->err);
}

static bool is_the_file(struct put *p)
{
    struct sha256_hex hash = sha256_stream_end_hex(take(p->hash));

    return strcmp(hash.text, p->bundle_hash.text) == 0;
}

static void put_row(struct put *p)
{
    struct store_batch *batch;
    struct err e = {0};

    if (!is_the_file(p)) {
        err_set(&e, ERR_CONFLICT, "'%s' has other bytes than were verified", p->path);
        ends(p, &e);
        return;
    }
    batch = store_batch_new();
    if (p->instead_of != NULL)
        store_batch_bundle_remove(batch, "", p->instead_of, p->env->clock.wall_us());
    store_batch_bundle_put(batch, &(struct store_bundle){
                                      .tenant = "",
                                      .plugin_id = p->plugin_id,
                                      .version = p->version,
                                      .key_id = p->key_id,
                                      .archive_hash = p->archive_hash.text,
                                      .bundle_hash = p->bundle_hash.text,
                                      .bytes = p->bytes,
                                      .created_us = p->env->clock.wall_us(),
                                  });
    submit(p, batch, row_stored);
}

static void was_read(void *arg)
{
    struct put *p = arg;

    if (p->e.code != ERR_NONE)
        ends(p, &p->e);
    else if (p->part.len > 0)
        put_part(p);
    else
        put_row(p);
}

void bundle_put(const struct engine_env *env, const struct bundle_to_put *what, bundle_put_fn *done,
                void *arg)
{
    struct put *p = mem_new(struct put);

    *p = (struct put){
        .env = env,
        .path = mem_str(what->path),
        .plugin_id = mem_str(what->row->plugin_id),
        .version = mem_str(what->row->version),
        .key_id = mem_str(what->row->key_id),
        .instead_of = mem_str(what->instead_of),
        .done = done,
        .arg = arg,
        .fd = -1,
        .hash = sha256_stream_new(),
    };
    memcpy(p->archive_hash.text, what->row->archive_hash, sizeof p->archive_hash.text);
    memcpy(p->bundle_hash.text, what->row->bundle_hash, sizeof p->bundle_hash.text);
    go_on(p);
}
