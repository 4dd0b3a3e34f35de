/* paged.h -- all rows of a table of the store that hosts remember, page by page: at once when a
 * host starts, beside the loop when it hears that they have changed. Inside engine/lanes only. Loop
 * thread, but for read. */
#ifndef ORCH_ENGINE_LANES_PAGED_H
#define ORCH_ENGINE_LANES_PAGED_H

#include "store/reader.h"

struct engine_env;

struct paged {
    const struct engine_env *env;
    /* Also on a thread. */
    bool (*read)(struct store_reader *reader, struct store_page page, struct store_list *ret,
                 struct err *e);
    void (*begins)(void *arg); /* a pass; NULL: it need not be known */
    void (*hold)(void *arg, const struct store_list *rows);
    void (*over)(void *arg); /* a pass in which every page was read; NULL likewise */
    void *arg;
    /* Its own, and the thread's while it reads. */
    char *from; /* NULL: the first page */
    struct store_list rows;
    struct err e;
    bool looks, again;
};

/* Before the loop runs. */
bool paged_begin(struct paged *paged, struct err *e) must_check;
/* Beside the loop; once more where a pass is on its way. A page that could not be read ends the
 * pass: a store that was away tells of news that were missed. */
void paged_look(struct paged *paged);
void paged_done(struct paged *paged); /* nothing is on its way */

#endif
