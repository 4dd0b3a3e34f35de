/* claim.c -- see claim.h. */
#include "engine/control/claim.h"

#include "base/mem.h"
#include "engine/env/env.h"

#include <string.h>

bool claim_alone(const struct control *ctl, const struct store_host_list *hosts)
{
    const char *self = store_host_id(ctl->env->store);

    for (size_t i = 0; i < hosts->count; i++) {
        if (hosts->rows[i].alive && strcmp(hosts->rows[i].host_id, self) != 0)
            return false;
    }
    return true;
}

static bool claim_page(struct control *ctl, const struct store_run_list *rows, struct err *e)
{
    struct store *store = ctl->env->store;
    auto_obj(store_batch) batch = store_batch_new();

    for (size_t i = 0; i < rows->count; i++)
        store_batch_run_claim(batch, rows->rows[i].run_id, store_host_id(store),
                              store_host_epoch(store));
    return store_commit_wait(store, &batch, NULL, e);
}

/* What of it another host is quicker with stays that one's. */
static bool claim_free(struct control *ctl, struct err *e)
{
    auto_mem char *token = NULL;

    do {
        auto_done(store_run_list) rows = {0};
        struct store_page page = {.token = token, .size = STORE_PAGE_ROWS_MAX};

        if (!store_read_free_runs(ctl->env->reader, page, &rows, e) ||
            (rows.count > 0 && !claim_page(ctl, &rows, e)))
            return err_wrap(e, "claim runs");
        free(token);
        token = mem_str(rows.next_page);
    } while (token != NULL);
    return true;
}

bool claim_at_start(struct control *ctl, struct err *e)
{
    auto_done(store_host_list) hosts = {0};

    if (!store_read_hosts(ctl->env->reader, (struct store_page){.size = STORE_PAGE_ROWS_MAX},
                          &hosts, e))
        return false;
    return !claim_alone(ctl, &hosts) || claim_free(ctl, e);
}
