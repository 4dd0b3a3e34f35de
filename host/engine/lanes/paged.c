/* paged.c -- see paged.h. */
#include "engine/lanes/paged.h"

#include "base/mem.h"
#include "engine/env/env.h"

static void page_done(struct paged *p)
{
    arena_free(p->rows.mem);
    free(p->from);
    p->rows = (struct store_list){0};
    p->from = NULL;
    p->e = (struct err){0};
}

void paged_done(struct paged *p)
{
    page_done(p);
}

static void read_page(void *arg, struct store_reader *reader)
{
    struct paged *p = arg;

    (void)!p->read(reader, (struct store_page){p->from, STORE_PAGE_ROWS_MAX}, &p->rows, &p->e);
}

/* To the page behind the one that was read; false: it was the last. */
static bool turn_page(struct paged *p)
{
    char *from = p->rows.next_page != NULL ? mem_str(p->rows.next_page) : NULL;

    page_done(p);
    p->from = from;
    return from != NULL;
}

static void begins(const struct paged *p)
{
    if (p->begins != NULL)
        p->begins(p->arg);
}

static void over(const struct paged *p)
{
    if (p->over != NULL)
        p->over(p->arg);
}

bool paged_begin(struct paged *p, struct err *e)
{
    begins(p);
    do {
        read_page(p, p->env->reader);
        if (p->e.code != ERR_NONE) {
            *e = p->e;
            return false;
        }
        p->hold(p->arg, &p->rows);
    } while (turn_page(p));
    over(p);
    return true;
}

static void look(struct paged *p);

static void was_read(void *arg)
{
    struct paged *p = arg;
    bool well = p->e.code == ERR_NONE, more;

    if (well)
        p->hold(p->arg, &p->rows);
    p->looks = false;
    more = turn_page(p);
    if (well && !more)
        over(p);
    if (more || p->again)
        look(p);
}

static void not_read(void *arg unused_arg)
{
}

static void look(struct paged *p)
{
    p->looks = true;
    if (p->from == NULL) {
        p->again = false;
        begins(p);
    }
    beside_give(p->env->beside, &(struct beside_work){read_page, was_read, not_read, p});
}

void paged_look(struct paged *p)
{
    p->again = true;
    if (!p->looks)
        look(p);
}
