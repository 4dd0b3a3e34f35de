/* state.c -- see state.h. The WAL's format is SQLite's (fileformat2.html, section 4). */
#include "state.h"

#include "calls.h"

#include "base/mem.h"
#include "store/sqlite/wal.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

enum { WAL_HEADER = 32, FRAME_HEADER = 24, FRAME = FRAME_HEADER + CONTENT_PAGE };
enum { STORE_HEADER = 24, PAGES_MAX = 4096 };

static const struct content *content_of(const struct disk *d, enum disk_name name)
{
    static const struct content none;

    return d->names[name] == DISK_NONE ? &none : &d->files[d->names[name]].now;
}

static uint64_t add_bytes(uint64_t hash, const struct content *c, size_t count, size_t at)
{
    uint8_t bytes[CONTENT_PAGE];
    size_t n;

    for (size_t done = 0; done < count; done += n) {
        n = content_read(c, bytes, count - done < sizeof bytes ? count - done : sizeof bytes,
                         at + done);
        if (n == 0)
            break;
        hash = hash_bytes(hash, bytes, n);
    }
    return hash;
}

/* What the WAL makes of the store. */
struct merged {
    uint32_t page_count; /* 0: nothing */
    bool replaced[PAGES_MAX];
};

static uint32_t word_at(const struct content *c, size_t at)
{
    uint32_t word = 0;

    content_read(c, &word, sizeof word, at);
    return be32toh(word);
}

/* The whole frames, and which pages they replace. */
static uint64_t add_wal(uint64_t hash, const struct content *c, struct merged *ret)
{
    struct wal_view wal;

    if (!wal_look(CALLS_STORE "-wal", &wal, NULL))
        abort();
    hash = hash_bytes(hash, &wal, sizeof wal);
    if (!wal.whole_header)
        return hash_bytes(hash, &(bool){c->bytes >= WAL_HEADER}, sizeof(bool));
    for (uint32_t i = 0; i < wal.frames; i++) {
        size_t at = WAL_HEADER + (size_t)i * FRAME;

        assert(word_at(c, at) <= PAGES_MAX);
        ret->replaced[word_at(c, at) - 1] = true;
        ret->page_count = word_at(c, at + 4);
        hash = add_bytes(hash, c, FRAME_HEADER, at); /* it has the sum of all before it */
    }
    return hash;
}

/* Where there is a WAL, it says how large the store is; the file may be behind. */
static uint64_t add_store(uint64_t hash, const struct content *c, const struct merged *m)
{
    size_t pages = m->page_count > 0 ? m->page_count : (c->bytes + CONTENT_PAGE - 1) / CONTENT_PAGE;
    size_t size = m->page_count > 0 ? c->bytes > 0 : c->bytes;
    uint64_t page;

    hash = hash_bytes(hash, &size, sizeof size);
    hash = add_bytes(hash, c, STORE_HEADER, 0); /* read before the WAL is */
    for (size_t i = 0; i < pages; i++) {
        page = i < PAGES_MAX && m->replaced[i] ? 0 : content_page_hash(c, i);
        hash = hash_bytes(hash, &page, sizeof page);
    }
    return hash;
}

uint64_t state_of(struct disk *image)
{
    static const enum disk_name plain[] = {DISK_JOURNAL, DISK_COUNT};
    struct merged merged = {0};
    uint64_t hash = 1;

    calls_use(image);
    for (int i = 0; i < DISK_NAMES; i++)
        hash = hash_bytes(hash, &(bool){image->names[i] != DISK_NONE}, sizeof(bool));
    hash = add_wal(hash, content_of(image, DISK_WAL), &merged);
    hash = add_store(hash, content_of(image, DISK_STORE), &merged);
    for (size_t i = 0; i < ARRAY_LEN(plain); i++)
        hash = add_bytes(hash, content_of(image, plain[i]), content_of(image, plain[i])->bytes, 0);
    calls_use(NULL);
    return hash;
}

/* ---- a table with open addresses ---- */

enum { SLOTS = 1 << 20 };

struct states {
    size_t count;
    struct slot {
        uint64_t state; /* 0: free */
        uint32_t found;
    } slots[SLOTS];
};

struct states *states_new(void)
{
    return mem_new(struct states);
}

void states_free(struct states *s)
{
    free(s);
}

static size_t slot_of(const struct states *s, uint64_t state)
{
    size_t i = (size_t)state % SLOTS;

    while (s->slots[i].state != 0 && s->slots[i].state != state)
        i = (i + 1) % SLOTS;
    return i;
}

bool states_find(const struct states *s, uint64_t state, uint32_t *ret_found)
{
    const struct slot *slot = &s->slots[slot_of(s, state)];

    *ret_found = slot->found;
    return slot->state == state;
}

void states_add(struct states *s, uint64_t state, uint32_t found)
{
    size_t i = slot_of(s, state);

    assert(s->count < SLOTS / 2);
    s->count += s->slots[i].state == 0 ? 1 : 0;
    s->slots[i] = (struct slot){state, found};
}

size_t states_count(const struct states *s)
{
    return s->count;
}
