/* takeover.c -- see takeover.h. On the way of a portion: the definitions are awaited that are not
 * read, one batch claims, a piece beside the loop reads the rows, and those that are ours are
 * recovered. */
#include "engine/control/takeover.h"

#include "base/log.h"
#include "base/mem.h"
#include "engine/control/carry.h"
#include "engine/control/leftovers.h"
#include "engine/control/recover.h"
#include "engine/control/step.h"
#include "engine/env/env.h"
#include "engine/runs/load.h"
#include "engine/runs/pins.h"
#include "engine/runs/runs.h"

#include <string.h>

enum { PORTION = 32 };

struct takeover {
    unsigned on_their_way; /* definitions that are read for it, and portions */
    bool over;             /* a portion is, since takeover_seen */
};

struct claimed {
    char *tenant, *run_id;
    struct store_run_list row; /* the thread's while it reads; empty: there is no such run */
};

/* A batch of claims, then what became of it. */
struct portion {
    struct control *ctl;
    size_t count;
    struct claimed runs[PORTION];
    struct err failed; /* code set: a row could not be read */
};

struct takeover *takeover_new(void)
{
    return mem_new(struct takeover);
}

void takeover_free(struct takeover *t)
{
    free(t);
}

bool takeover_busy(const struct takeover *t)
{
    return t->on_their_way > 0;
}

bool takeover_over(const struct takeover *t)
{
    return t->over;
}

void takeover_seen(struct takeover *t)
{
    t->over = false;
}

static bool may_claim(const struct control *ctl)
{
    return !ctl->mode->draining && !ctl->mode->adrift && !ctl->mode->failed && !ctl->mode->stopping;
}

uint32_t takeover_room(const struct control *ctl)
{
    uint32_t room = runs_room(ctl->runs);

    if (!may_claim(ctl) || store_pressed(ctl->env->store))
        return 0;
    return room < PORTION ? room : PORTION;
}

/* ---- a portion ---- */

static struct portion *portion_new(struct control *ctl)
{
    struct portion *p = mem_new(struct portion);

    p->ctl = ctl;
    ctl->takeover->on_their_way++;
    return p;
}

static void portion_free(void *arg)
{
    struct portion *p = arg;

    p->ctl->takeover->on_their_way--;
    for (size_t i = 0; i < p->count; i++) {
        free(p->runs[i].tenant);
        free(p->runs[i].run_id);
        store_run_list_done(&p->runs[i].row);
    }
    free(p);
}

static void portion_add(struct portion *p, const char *tenant, const char *run_id)
{
    p->runs[p->count++] = (struct claimed){.tenant = mem_str(tenant), .run_id = mem_str(run_id)};
}

static void read_rows(void *arg, struct store_reader *reader)
{
    struct portion *p = arg;

    for (size_t i = 0; i < p->count && p->failed.code == ERR_NONE; i++) {
        struct claimed *run = &p->runs[i];
        struct err e = {0};

        if (!store_read_run_head(reader, run->tenant, run->run_id, &run->row, &e) &&
            e.code != ERR_NOT_FOUND)
            p->failed = e;
    }
}

static void go_on(void *arg)
{
    struct portion *p = arg;
    struct control *ctl = p->ctl;

    for (size_t i = 0; i < p->count; i++) {
        const struct claimed *run = &p->runs[i];

        if (run->row.count > 0)
            recover_claimed(ctl, &run->row.rows[0]);
        else if (p->failed.code != ERR_NONE) /* ours, or not: its row will say */
            leftovers_hold(ctl, (struct leftover_of){run->tenant, run->run_id, .at_start = true});
    }
    ctl->takeover->over = true;
    portion_free(p);
}

static void read_portion(struct portion *p)
{
    beside_give(p->ctl->env->beside, &(struct beside_work){read_rows, go_on, portion_free, p});
}

static void is_claimed(void *arg, const struct store_done *done)
{
    struct portion *p = arg;

    if (done->err != NULL)
        portion_free(p);
    else
        read_portion(p);
}

/* Takes the portion. */
static void claim(struct portion *p)
{
    const struct store *store = p->ctl->env->store;
    auto_obj(store_batch) batch = NULL;
    struct err e = {0};

    if (p->count == 0) {
        portion_free(p);
        return;
    }
    batch = store_batch_new();
    for (size_t i = 0; i < p->count; i++)
        store_batch_run_claim(batch, p->runs[i].run_id, store_host_id(store),
                              store_host_epoch(store));
    if (!store_submit_take(p->ctl->env->store, &batch, is_claimed, p, &e))
        portion_free(p);
}

void takeover_made(struct control *ctl, const char *tenant, const char *run_id)
{
    struct portion *p = portion_new(ctl);

    portion_add(p, tenant, run_id);
    read_portion(p);
}

/* ---- what this host can run ---- */

/* Of a definition that was read. One that nobody can read ends its run, here as well as elsewhere.
 */
static bool can_run_any(struct control *ctl, const struct dag_key *key)
{
    struct dag_use *use;
    bool can;
    struct err e = {0};

    if (!dag_cache_get(ctl->dags, key, &use, &e))
        return true;
    can = pins_dag_here(ctl->env, key->tenant, dag_use_dag(use));
    dag_use_end(use);
    return can;
}

/* So it is with pins that are none. */
static bool can_run_pinned(struct control *ctl, const struct store_run *row)
{
    auto_json pins = NULL;
    struct err e = {0};

    return !pins_read(row->agent_digests, &pins, &e) || pins_here(ctl->env, row->tenant, pins);
}

static bool can_run(struct control *ctl, const struct store_run *row, const struct dag_key *key)
{
    return row->agent_digests != NULL ? can_run_pinned(ctl, row) : can_run_any(ctl, key);
}

/* A run without pins whose definition is being read. */
struct awaiting {
    struct control *ctl;
    char *tenant, *run_id, *dag_id, *version;
};

static void awaiting_free(void *arg)
{
    struct awaiting *a = arg;

    a->ctl->takeover->on_their_way--;
    free(a->tenant);
    free(a->run_id);
    free(a->dag_id);
    free(a->version);
    free(a);
}

static void was_read(void *arg)
{
    struct awaiting *a = arg;
    struct control *ctl = a->ctl;

    if (may_claim(ctl) && can_run_any(ctl, &(struct dag_key){a->tenant, a->dag_id, a->version})) {
        struct portion *p = portion_new(ctl);

        portion_add(p, a->tenant, a->run_id);
        claim(p);
    }
    awaiting_free(a);
}

static void await(struct control *ctl, const struct store_run *row)
{
    struct awaiting *a = mem_new(struct awaiting);
    struct dag_key key;

    *a = (struct awaiting){.ctl = ctl,
                           .tenant = mem_str(row->tenant),
                           .run_id = mem_str(row->run_id),
                           .dag_id = mem_str(row->dag_id),
                           .version = mem_str(row->dag_version)};
    ctl->takeover->on_their_way++;
    key = load_key(row);
    dag_cache_await(ctl->dags, &key, &(struct dag_wait){was_read, awaiting_free, a});
}

void takeover_consider(struct control *ctl, const struct store_run_list *page, bool alone)
{
    uint32_t room = takeover_room(ctl), taken = 0;
    struct portion *p = portion_new(ctl);

    for (size_t i = 0; i < page->count && taken < room; i++) {
        const struct store_run *row = &page->rows[i];
        struct dag_key key = load_key(row);

        if (recover_carried(ctl, row))
            continue;
        if (!alone && row->agent_digests == NULL && !dag_cache_has(ctl->dags, &key)) {
            await(ctl, row);
            taken++;
        } else if (alone || can_run(ctl, row, &key)) {
            portion_add(p, row->tenant, row->run_id);
            taken++;
        }
    }
    claim(p);
}
