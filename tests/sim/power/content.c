/* content.c -- see content.h. */
#include "content.h"

#include "base/mem.h"

#include <string.h>

struct page {
    uint32_t holders;
    uint64_t hash; /* 0: not made */
    uint8_t bytes[CONTENT_PAGE];
};

static void page_drop(struct page *p)
{
    if (p != NULL && --p->holders == 0)
        free(p);
}

void content_done(struct content *c)
{
    for (size_t i = 0; i < c->page_count; i++)
        page_drop(c->pages[i]);
    free(c->pages);
    *c = (struct content){0};
}

void content_copy(struct content *to, const struct content *from)
{
    content_done(to);
    *to = *from;
    to->pages = mem_array(from->page_count + 1, struct page *);
    for (size_t i = 0; i < from->page_count; i++) {
        to->pages[i] = from->pages[i];
        if (to->pages[i] != NULL)
            to->pages[i]->holders++;
    }
}

/* A page of this content's own. */
static struct page *page_own(struct content *c, size_t i)
{
    struct page *p = c->pages[i];

    if (p == NULL) {
        p = mem_new(struct page);
    } else if (p->holders > 1) {
        p = mem_dup(p, sizeof *p);
        c->pages[i]->holders--;
    }
    p->holders = 1;
    p->hash = 0;
    c->pages[i] = p;
    return p;
}

static void pages_reserve(struct content *c, size_t count)
{
    if (count <= c->page_count)
        return;
    c->pages = mem_resize(c->pages, count, sizeof(struct page *));
    memset(c->pages + c->page_count, 0, (count - c->page_count) * sizeof(struct page *));
    c->page_count = count;
}

static size_t part_of_page(size_t at, size_t count)
{
    size_t left = CONTENT_PAGE - at % CONTENT_PAGE;

    return count < left ? count : left;
}

size_t content_read(const struct content *c, void *bytes, size_t count, size_t at)
{
    size_t done = 0;

    if (at >= c->bytes)
        return 0;
    if (count > c->bytes - at)
        count = c->bytes - at;
    while (done < count) {
        size_t i = (at + done) / CONTENT_PAGE, part = part_of_page(at + done, count - done);
        const struct page *p = i < c->page_count ? c->pages[i] : NULL;

        if (p != NULL)
            memcpy((uint8_t *)bytes + done, p->bytes + (at + done) % CONTENT_PAGE, part);
        else
            memset((uint8_t *)bytes + done, 0, part);
        done += part;
    }
    return count;
}

void content_write(struct content *c, const void *bytes, size_t count, size_t at)
{
    size_t done = 0;

    pages_reserve(c, (at + count + CONTENT_PAGE - 1) / CONTENT_PAGE);
    while (done < count) {
        size_t part = part_of_page(at + done, count - done);
        struct page *p = page_own(c, (at + done) / CONTENT_PAGE);

        memcpy(p->bytes + (at + done) % CONTENT_PAGE, (const uint8_t *)bytes + done, part);
        done += part;
    }
    if (at + count > c->bytes)
        c->bytes = at + count;
}

void content_resize(struct content *c, size_t bytes)
{
    size_t pages = (bytes + CONTENT_PAGE - 1) / CONTENT_PAGE;

    for (size_t i = pages; i < c->page_count; i++) {
        page_drop(c->pages[i]);
        c->pages[i] = NULL;
    }
    if (bytes < c->bytes && bytes % CONTENT_PAGE != 0 && c->pages[pages - 1] != NULL)
        memset(page_own(c, pages - 1)->bytes + bytes % CONTENT_PAGE, 0,
               CONTENT_PAGE - bytes % CONTENT_PAGE);
    c->bytes = bytes;
}

uint64_t hash_bytes(uint64_t seed, const void *bytes, size_t count)
{
    const uint8_t *p = bytes;
    uint64_t h = seed ^ (count * 0x9E3779B97F4A7C15u), word;

    for (; count >= sizeof word; p += sizeof word, count -= sizeof word) {
        memcpy(&word, p, sizeof word);
        h = (h ^ word) * 0xff51afd7ed558ccdu;
        h ^= h >> 32;
    }
    for (; count > 0; p++, count--)
        h = (h ^ *p) * 0x100000001b3u;
    return h ^ (h >> 29);
}

uint64_t content_page_hash(const struct content *c, size_t page)
{
    struct page *p = page < c->page_count ? c->pages[page] : NULL;

    if (p == NULL)
        return 1;
    if (p->hash == 0)
        p->hash = hash_bytes(1, p->bytes, CONTENT_PAGE) | 2;
    return p->hash;
}
