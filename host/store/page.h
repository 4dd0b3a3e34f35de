/* page.h -- page tokens: where a list goes on, as base64url text that says nothing to a client.
 * A token comes back from outside, so everything in it is checked. Private to host/store. */
#ifndef ORCH_STORE_PAGE_H
#define ORCH_STORE_PAGE_H

#include "base/err.h"
#include "store/arena.h"

#include <stdint.h>

#define PAGE_TOKEN_BYTES_MAX 1024u

/* The last row of a page, as its order sees it; a list uses what it needs. */
struct page_key {
    int64_t number;
    const char *text; /* all three without line ends; "" when unused */
    const char *more;
    const char *last;
};

const char *page_token(struct arena *mem, const struct page_key *key);
/* The texts live in mem. */
bool page_parse(const char *token, struct arena *mem, struct page_key *ret,
                struct err *e) must_check;

#endif
