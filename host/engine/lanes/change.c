/* change.c -- see change.h. */
#include "engine/lanes/change.h"

#include "base/json.h"
#include "base/mem.h"
#include "engine/env/audit.h"
#include "engine/env/env.h"
#include "engine/lanes/kept.h"

#include <string.h>

enum { TRIES_MAX = 16 };

struct changing {
    struct kept_lanes *kept;
    struct actor *by;
    char *lane;
    struct lane_members said, all; /* now; with what was kept */
    int64_t version;               /* that it will be */
    bool must_be_there;
    int32_t slots_by;
    int tries;
    api_done_fn done;
    void *done_arg;
    /* The thread's while it reads. */
    struct store_lane_list rows;
    struct err e;
};

static void changing_free(void *arg)
{
    struct changing *c = arg;

    store_lane_list_done(&c->rows);
    lane_members_done(&c->said);
    lane_members_done(&c->all);
    actor_free(c->by);
    free(c->lane);
    free(c);
}

static void ends(struct changing *c, const struct api_outcome *out)
{
    c->done(c->done_arg, out);
    changing_free(c);
}

static void refuse(struct changing *c, const char *code, const struct err *e)
{
    ends(c, &(struct api_outcome){.e = e, .code = code});
}

static void read_lane(void *arg, struct store_reader *reader)
{
    struct changing *c = arg;

    store_lane_list_done(&c->rows);
    c->e = (struct err){0};
    (void)!store_read_lane(reader, c->lane, &c->rows, &c->e);
}

static void was_read(void *arg);

static void begin(struct changing *c)
{
    c->tries++;
    beside_give(kept_lanes_env(c->kept)->beside,
                &(struct beside_work){read_lane, was_read, changing_free, c});
}

/* ---- the commit ---- */

static void committed(void *arg, const struct store_done *result)
{
    struct changing *c = arg;
    bool created = !kept_lanes_has(c->kept, c->lane);

    if (result->err != NULL && result->err->code == ERR_CONFLICT && c->tries < TRIES_MAX) {
        begin(c);
        return;
    }
    audit_committed(kept_lanes_env(c->kept), result);
    if (result->err == NULL)
        kept_lanes_hold(c->kept, c->lane, c->version, &c->all);
    ends(c, &(struct api_outcome){.e = result->err, .created = created});
}

static bool is_of_all(const struct changing *c)
{
    return strcmp(c->lane, LANE_ALL) == 0;
}

static const char *deed_of(const struct changing *c)
{
    if (is_of_all(c))
        return "audit.lanes_routed";
    if (!c->must_be_there || c->slots_by != 0)
        return "audit.lane_put";
    if (c->said.draining)
        return "audit.lane_drained";
    return c->said.paused ? "audit.lane_paused" : "audit.lane_resumed";
}

static void put(struct changing *c)
{
    const struct engine_env *env = kept_lanes_env(c->kept);
    auto_json members = lane_members_json_owned(&c->all);
    auto_mem char *text = json_dumps(members, JSON_COMPACT);
    struct store_batch *batch = store_batch_new();
    struct err e = {0};

    store_batch_lane_put(batch, &(struct store_lane){.lane = c->lane,
                                                     .version = c->version,
                                                     .members = text,
                                                     .said_by = c->by->who.subject,
                                                     .said_in = c->by->who.tenant,
                                                     .reason = c->by->who.reason,
                                                     .said_us = env->clock.wall_us()});
    audit_append(env, batch, &c->by->who, deed_of(c),
                 json_pack("{s:s, s:I, s:O}", "lane", c->lane, "version", (json_int_t)c->version,
                           "members", members));
    if (store_submit_take(env->store, &batch, committed, c, &e))
        return;
    store_batch_free(batch);
    refuse(c, NULL, &e);
}

/* ---- what was kept, and what is said now ---- */

/* Nothing to do: it has the slots, is paused and draining, or is not, as is said. */
static bool is_so(const struct changing *c)
{
    struct lane_spec spec = kept_lanes_spec(c->kept, c->lane, &c->all);

    return c->must_be_there && (!c->said.has_slots || spec.slots == c->said.slots) &&
           (!c->said.has_paused || spec.paused == c->said.paused) &&
           (!c->said.has_draining || spec.draining == c->said.draining);
}

/* A lane of none stays one when it is to have fewer. */
static void say_slots(struct changing *c)
{
    int64_t has = kept_lanes_spec(c->kept, c->lane, &c->all).slots;
    int64_t least = has < 1 ? has : 1;
    int64_t comes = has + c->slots_by;

    comes = comes > LANE_SLOTS_MAX ? LANE_SLOTS_MAX : comes;
    c->said.has_slots = true;
    c->said.slots = (uint32_t)(comes < least ? least : comes);
}

static bool may_change(struct changing *c, const char **ret_code, struct err *e)
{
    bool there = is_of_all(c) || kept_lanes_has(c->kept, c->lane);

    *ret_code = NULL;
    if (c->e.code != ERR_NONE) {
        *e = c->e;
        return false;
    }
    if (!there && c->rows.count == 0 && c->must_be_there) {
        *ret_code = "LANE_NOT_FOUND";
        return err_set(e, ERR_NOT_FOUND, "Lane not found");
    }
    if (!there && kept_lanes_full(c->kept)) {
        *ret_code = "LANES_MAX";
        return err_set(e, ERR_CONFLICT, "there are %d lanes, which is as many as there may be",
                       LANES_MAX);
    }
    lane_members_done(&c->all);
    c->all = (struct lane_members){0};
    if (c->rows.count == 0)
        return true;
    if (!kept_members(&c->rows.rows[0], &c->all, e))
        return false;
    kept_lanes_hold(c->kept, c->lane, c->rows.rows[0].version, &c->all); /* another host's */
    return true;
}

static void was_read(void *arg)
{
    struct changing *c = arg;
    const char *code;
    struct err e = {0};

    if (!may_change(c, &code, &e)) {
        refuse(c, code, &e);
        return;
    }
    if (!kept_lanes_can(c->kept, &c->said, &e)) {
        refuse(c, "FIELD_INVALID", &e);
        return;
    }
    if (c->slots_by != 0)
        say_slots(c);
    if (is_so(c)) {
        ends(c, &(struct api_outcome){.created = false});
        return;
    }
    lane_members_add(&c->all, &c->said);
    c->version = c->rows.count > 0 ? c->rows.rows[0].version + 1 : 1;
    put(c);
}

void lane_change(struct kept_lanes *kept, const struct api_actor *who,
                 const struct api_lane_change *what, api_done_fn done, void *done_arg)
{
    struct changing *c = mem_new(struct changing);

    *c = (struct changing){.kept = kept,
                           .by = actor_new(who),
                           .lane = mem_str(what->lane),
                           .said = lane_members_copy(what->members),
                           .must_be_there = what->must_be_there,
                           .slots_by = what->slots_by,
                           .done = done,
                           .done_arg = done_arg};
    begin(c);
}
