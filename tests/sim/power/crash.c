/* crash.c -- see crash.h. */
#include "crash.h"

#include "base/mem.h"
#include "base/rng.h"

#include <string.h>

enum { SECTOR = 512, BLOCK = 4096 };

struct side { /* of one file */
    struct content synced;
    const struct disk_op **pending;
    size_t pending_count;
};

struct name_op {
    enum disk_name name;
    int file;
};

struct platter {
    struct side *sides;
    int side_count;
    int names[DISK_NAMES]; /* synced */
    struct name_op *pending;
    size_t pending_count;
};

struct platter *platter_new(const struct disk *d)
{
    struct platter *p = mem_new(struct platter);

    p->side_count = d->file_count;
    p->sides = mem_array((size_t)d->file_count + 1, struct side);
    for (int i = 0; i < d->file_count; i++)
        content_copy(&p->sides[i].synced, &d->files[i].now);
    memcpy(p->names, d->names, sizeof p->names);
    return p;
}

void platter_free(struct platter *p)
{
    if (p == NULL)
        return;
    for (int i = 0; i < p->side_count; i++) {
        content_done(&p->sides[i].synced);
        free(p->sides[i].pending);
    }
    free(p->sides);
    free(p->pending);
    free(p);
}

/* ---- the log ---- */

static void apply(struct content *c, const struct disk_op *op)
{
    if (op->change == DISK_WRITE)
        content_write(c, op->data, op->bytes, op->at);
    else
        content_resize(c, op->bytes);
}

static void sync_side(struct side *s)
{
    for (size_t i = 0; i < s->pending_count; i++)
        apply(&s->synced, s->pending[i]);
    s->pending_count = 0;
}

static void sync_names(struct platter *p)
{
    for (size_t i = 0; i < p->pending_count; i++)
        p->names[p->pending[i].name] = p->pending[i].file;
    p->pending_count = 0;
}

static void take_name(struct platter *p, enum disk_name name, int file)
{
    p->pending = mem_resize(p->pending, p->pending_count + 1, sizeof *p->pending);
    p->pending[p->pending_count++] = (struct name_op){name, file};
    if (file < p->side_count)
        return;
    p->sides = mem_resize(p->sides, (size_t)file + 1, sizeof *p->sides);
    memset(p->sides + p->side_count, 0, (size_t)(file + 1 - p->side_count) * sizeof *p->sides);
    p->side_count = file + 1;
}

static void take_change(struct side *s, const struct disk_op *op)
{
    s->pending = mem_resize(s->pending, s->pending_count + 1, sizeof(struct disk_op *));
    s->pending[s->pending_count++] = op;
}

void platter_take(struct platter *p, const struct disk_op *op)
{
    switch (op->change) {
    case DISK_WRITE:
    case DISK_CUT:
        take_change(&p->sides[op->file], op);
        break;
    case DISK_SYNC:
        sync_side(&p->sides[op->file]);
        break;
    case DISK_LINK:
        take_name(p, op->name, op->file);
        break;
    case DISK_UNLINK:
        take_name(p, op->name, DISK_NONE);
        break;
    case DISK_SYNC_NAMES:
        sync_names(p);
        break;
    }
}

bool platter_pending(const struct platter *p)
{
    bool pending = p->pending_count > 0;

    for (int i = 0; i < p->side_count; i++)
        pending = pending || p->sides[i].pending_count > 0;
    return pending;
}

/* ---- images ---- */

enum fate_kind {
    FATE_ALL,
    FATE_NONE,
    FATE_UPTO,    /* the writes before one, and of that the sectors before one */
    FATE_FROM,    /* the same, and of that the sectors behind one */
    FATE_SECTORS, /* each sector with as many of its writes as it likes */
    FATE_BLOCKS,  /* the same for 4 KiB */
    FATE_WRITES,  /* some writes */
    FATE_ONE,     /* one write */
    FATE_WITHOUT, /* all writes but one */
    FATE_HOLE,    /* all but one sector */
    FATE_KINDS,
};

struct fate {
    enum fate_kind kind;
    uint64_t seed;
    size_t ops;
    size_t op;      /* that it turns on, for those that do */
    size_t sector;  /* of the file */
    size_t size_op; /* the sizes of this and later ones did not land */
};

static uint64_t draw(uint64_t seed, uint64_t what)
{
    struct rng r = rng_of(seed ^ (what * 0xD6E8FEB86659FD93u));

    return rng_u64(&r);
}

/* 0 to count: the ends more often than what is between, which is more of the same. */
static size_t draw_upto(uint64_t seed, uint64_t what, size_t count)
{
    uint64_t drawn = draw(seed, what), rest = drawn >> 3;

    switch (drawn % 8) {
    case 0:
    case 1:
        return 0;
    case 2:
    case 3:
    case 4:
        return count;
    case 5:
    case 6:
        return count > 0 ? count - 1 : 0;
    default:
        return rest % (count + 1);
    }
}

/* Does what the op wrote of the sector land? */
static bool lands(const struct fate *f, size_t op, size_t sector)
{
    switch (f->kind) {
    case FATE_ALL:
        return true;
    case FATE_UPTO:
        return op < f->op || (op == f->op && sector < f->sector);
    case FATE_FROM:
        return op < f->op || (op == f->op && sector > f->sector);
    case FATE_SECTORS:
        return draw_upto(f->seed, sector, f->ops) > op;
    case FATE_BLOCKS:
        return draw_upto(f->seed, sector * SECTOR / BLOCK, f->ops) > op;
    case FATE_WRITES:
        return draw(f->seed, op) % 2 == 0;
    case FATE_ONE:
        return op == f->op;
    case FATE_WITHOUT:
        return op != f->op;
    case FATE_HOLE:
        return sector != f->sector;
    default:
        return false;
    }
}

static struct fate fate_of(const struct side *s, uint64_t seed)
{
    const struct disk_op *op;
    struct fate f = {.seed = seed, .ops = s->pending_count, .size_op = s->pending_count};

    if (seed == 0 || s->pending_count == 0)
        return f;
    f.kind = draw(seed, 1) % FATE_KINDS;
    f.op = draw_upto(seed, 2, s->pending_count - 1);
    op = s->pending[f.op];
    f.sector = op->at / SECTOR + draw(seed, 3) % (op->bytes / SECTOR + 1);
    /* Most file systems give a file its size with its data, in order; not all. */
    if (f.kind == FATE_NONE || f.kind == FATE_UPTO || f.kind == FATE_FROM)
        f.size_op = f.kind == FATE_NONE ? 0 : f.op + 1;
    if (draw(seed, 4) % 3 == 0)
        f.size_op = draw_upto(seed, 5, s->pending_count);
    return f;
}

/* The sectors of the write that land, with all that they hold of earlier ones. */
static void land(struct content *image, const struct content *cache, const struct disk_op *op,
                 size_t number, const struct fate *f)
{
    uint8_t bytes[SECTOR];

    for (size_t sector = op->at / SECTOR; sector * SECTOR < op->at + op->bytes; sector++) {
        if (lands(f, number, sector))
            content_write(image, bytes, content_read(cache, bytes, SECTOR, sector * SECTOR),
                          sector * SECTOR);
    }
}

static void image_of(const struct side *s, uint64_t seed, struct content *ret)
{
    const struct fate f = fate_of(s, seed);
    auto_done(content) cache = {0};
    size_t size = s->synced.bytes;

    content_copy(ret, &s->synced);
    content_copy(&cache, &s->synced);
    for (size_t i = 0; i < s->pending_count; i++) {
        apply(&cache, s->pending[i]);
        if (s->pending[i]->change == DISK_WRITE)
            land(ret, &cache, s->pending[i], i, &f);
        else if (i < f.size_op)
            content_resize(ret, s->pending[i]->bytes);
        if (i < f.size_op)
            size = cache.bytes;
    }
    content_resize(ret, size);
}

struct disk *platter_image(const struct platter *p, uint64_t seed)
{
    struct disk *d = disk_new();
    int names[DISK_NAMES];
    /* All of the changes of names in a third of the cases, else each by itself. */
    bool all = seed == 0 || draw(seed, 100) % 3 == 0;

    memcpy(names, p->names, sizeof names);
    for (size_t i = 0; i < p->pending_count; i++) {
        if (all || draw_upto(seed, 200 + (uint64_t)p->pending[i].name, p->pending_count) > i)
            names[p->pending[i].name] = p->pending[i].file;
    }
    for (int i = 0; i < DISK_NAMES; i++) {
        if (names[i] == DISK_NONE)
            continue;
        disk_make(d, (enum disk_name)i);
        image_of(&p->sides[names[i]], seed == 0 ? 0 : draw(seed, 300 + (uint64_t)i) | 1,
                 &d->files[d->file_count - 1].now);
    }
    return d;
}
