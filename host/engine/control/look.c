/* look.c -- see look.h. */
#include "engine/control/look.h"

#include "base/log.h"
#include "base/mem.h"
#include "engine/control/carry.h"
#include "engine/control/claim.h"
#include "engine/control/takeover.h"
#include "engine/env/env.h"

#include <assert.h>
#include <string.h>

#define EVERY_NS (1000LL * 1000 * 1000)

struct look {
    bool begun;
    bool wanted;
    bool under_way;
    int64_t due_ns;
    char *page; /* of the free runs: those before it can run elsewhere; NULL: the first */
};

/* The thread's from beside_give to done. */
struct looking {
    struct control *ctl;
    uint32_t room;
    char *page;
    struct store_run_list free;
    struct store_order_list orders;
    struct store_host_list hosts;
    struct err failed;
};

struct look *look_new(void)
{
    return mem_new(struct look);
}

void look_free(struct look *l)
{
    if (l == NULL)
        return;
    free(l->page);
    free(l);
}

void look_begin(struct look *l)
{
    l->begun = l->wanted = true;
}

void look_again(struct look *l)
{
    l->wanted = true;
}

static void looking_free(void *arg)
{
    struct looking *x = arg;

    x->ctl->look->under_way = false;
    store_run_list_done(&x->free);
    store_order_list_done(&x->orders);
    store_host_list_done(&x->hosts);
    free(x->page);
    free(x);
}

static void look(void *arg, struct store_reader *reader)
{
    struct looking *x = arg;
    const struct store_page page = {.token = x->page, .size = x->room};
    const struct store_page all = {.size = STORE_PAGE_ROWS_MAX};
    bool ok = orders_read(x->ctl, reader, &x->orders, &x->failed) &&
              (x->room == 0 ||
               (store_read_free_runs(reader, page, &x->free, &x->failed) &&
                (x->free.count == 0 || store_read_hosts(reader, all, &x->hosts, &x->failed))));

    assert(ok == (x->failed.code == ERR_NONE));
}

static void found(void *arg)
{
    struct looking *x = arg;
    struct look *l = x->ctl->look;

    if (x->failed.code != ERR_NONE) {
        log_event(LOG_DEBUG, "look.failed", F_ERR(&x->failed));
        looking_free(x);
        return;
    }
    orders_carry_out(x->ctl, &x->orders);
    if (x->room > 0) {
        free(l->page);
        l->page = mem_str(x->free.next_page);
        l->wanted = l->wanted || l->page != NULL;
        takeover_consider(x->ctl, &x->free, claim_alone(x->ctl, &x->hosts));
    }
    looking_free(x);
}

int64_t look_next_timer(const struct control *ctl)
{
    const struct look *l = ctl->look;

    if (!l->begun || l->under_way || ctl->mode->adrift || takeover_busy(ctl->takeover) ||
        orders_busy(ctl->orders))
        return INT64_MAX;
    if (l->wanted || takeover_over(ctl->takeover))
        return 0;
    return store_shared(ctl->env->store) ? l->due_ns : INT64_MAX;
}

void look_turn(struct control *ctl, int64_t now_ns)
{
    struct look *l = ctl->look;
    struct looking *x;

    if (look_next_timer(ctl) > now_ns || ctl->mode->failed || ctl->mode->stopping)
        return;
    l->wanted = false;
    takeover_seen(ctl->takeover);
    l->under_way = true;
    l->due_ns = now_ns + EVERY_NS;
    x = mem_new(struct looking);
    *x = (struct looking){.ctl = ctl, .room = takeover_room(ctl), .page = mem_str(l->page)};
    beside_give(ctl->env->beside, &(struct beside_work){look, found, looking_free, x});
}
