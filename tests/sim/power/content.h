/* content.h -- what a file holds, in pages that copies share until one of them is written. One
 * thread at a time. */
#ifndef ORCH_TESTS_SIM_POWER_CONTENT_H
#define ORCH_TESTS_SIM_POWER_CONTENT_H

#include "base/auto.h"

#include <stddef.h>
#include <stdint.h>

enum { CONTENT_PAGE = 4096 };

struct page;

/* Embedded; {0} is an empty file. */
struct content {
    size_t bytes;
    size_t page_count;
    struct page **pages; /* NULL: zeros */
};

void content_done(struct content *c);
DEFINE_AUTO_DONE(content)
/* Replaces what `to` holds. */
void content_copy(struct content *to, const struct content *from);

size_t content_read(const struct content *c, void *bytes, size_t count, size_t at);
void content_write(struct content *c, const void *bytes, size_t count, size_t at);
/* Cuts, or grows by zeros. */
void content_resize(struct content *c, size_t bytes);

/* Of the page's bytes; the same for equal pages. */
uint64_t content_page_hash(const struct content *c, size_t page);
uint64_t hash_bytes(uint64_t seed, const void *bytes, size_t count);

#endif
