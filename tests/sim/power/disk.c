/* disk.c -- see disk.h. */
#include "disk.h"

#include "base/mem.h"

struct disk *disk_new(void)
{
    struct disk *d = mem_new(struct disk);

    for (int i = 0; i < DISK_NAMES; i++)
        d->names[i] = DISK_NONE;
    return d;
}

void disk_free(struct disk *d)
{
    if (d == NULL)
        return;
    for (int i = 0; i < d->file_count; i++) {
        content_done(&d->files[i].now);
        auto_close_fd(&d->files[i].memory_fd);
    }
    for (size_t i = 0; i < d->op_count; i++)
        free(d->ops[i].data);
    free(d->files);
    free(d->ops);
    free(d);
}

static void note(struct disk *d, struct disk_op op)
{
    if (!d->logs)
        return;
    if (op.data != NULL)
        op.data = mem_dup(op.data, op.bytes);
    if (d->op_count == d->op_space) {
        d->op_space = d->op_space * 2 + 64;
        d->ops = mem_resize(d->ops, d->op_space, sizeof *d->ops);
    }
    d->ops[d->op_count++] = op;
}

int disk_make(struct disk *d, enum disk_name name)
{
    int file = d->file_count++;

    d->files = mem_resize(d->files, (size_t)d->file_count, sizeof *d->files);
    d->files[file] = (struct disk_file){.memory_fd = -1};
    d->names[name] = file;
    note(d, (struct disk_op){.change = DISK_LINK, .name = name, .file = file});
    return file;
}

void disk_unlink(struct disk *d, enum disk_name name)
{
    d->names[name] = DISK_NONE;
    note(d, (struct disk_op){.change = DISK_UNLINK, .name = name});
}

void disk_write(struct disk *d, int file, const void *bytes, size_t count, size_t at)
{
    content_write(&d->files[file].now, bytes, count, at);
    note(d, (struct disk_op){.change = DISK_WRITE,
                             .file = file,
                             .at = at,
                             .bytes = count,
                             .data = (uint8_t *)bytes});
}

void disk_cut(struct disk *d, int file, size_t bytes)
{
    content_resize(&d->files[file].now, bytes);
    note(d, (struct disk_op){.change = DISK_CUT, .file = file, .bytes = bytes});
}

void disk_sync(struct disk *d, int file)
{
    bool lies =
        (d->lie == LIE_WAL && file == d->names[DISK_WAL]) ||
        (d->lie == LIE_STORE && file == d->names[DISK_STORE] && d->names[DISK_WAL] != DISK_NONE);

    if (!lies)
        note(d, (struct disk_op){.change = DISK_SYNC, .file = file});
}

void disk_sync_names(struct disk *d)
{
    if (d->lie != LIE_NAMES)
        note(d, (struct disk_op){.change = DISK_SYNC_NAMES});
}

static void again(struct disk *d, const struct disk_op *op)
{
    switch (op->change) {
    case DISK_WRITE:
        disk_write(d, op->file, op->data, op->bytes, op->at);
        break;
    case DISK_CUT:
        disk_cut(d, op->file, op->bytes);
        break;
    case DISK_LINK:
        disk_make(d, op->name);
        break;
    case DISK_UNLINK:
        disk_unlink(d, op->name);
        break;
    case DISK_SYNC:
    case DISK_SYNC_NAMES:
        note(d, *op);
        break;
    }
}

struct disk *disk_go_on(const struct disk *from, const struct disk_op *ops, size_t count)
{
    struct disk *d = disk_new();

    d->file_count = from->file_count;
    d->files = mem_array((size_t)from->file_count + 1, struct disk_file);
    for (int i = 0; i < from->file_count; i++) {
        content_copy(&d->files[i].now, &from->files[i].now);
        d->files[i].memory_fd = -1;
    }
    for (int i = 0; i < DISK_NAMES; i++)
        d->names[i] = from->names[i];
    d->lie = from->lie;
    d->logs = true;
    for (size_t i = 0; i < count; i++)
        again(d, &ops[i]);
    return d;
}
