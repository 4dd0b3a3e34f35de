/* text.c -- see text.h. */
#include "engine/commit/text.h"

#include "base/jcs_object.h"
#include "base/mem.h"
#include "model/words/confinement.h"

#include <assert.h>

enum { SANDBOX_BYTES_USUAL = 128, DETAIL_BYTES_USUAL = 384 };

char *commit_json_text(const json_t *value, size_t *ret_bytes)
{
    auto_done(buf) text = {0};

    if (value != NULL)
        json_add_compact(&text, value);
    else
        buf_adds(&text, "{}");
    *ret_bytes = text.len;
    return buf_take(&text);
}

/* Input and output of a node were JSON at the door, so a canonical form exists. */
void commit_jcs(const json_t *value, struct buf *text)
{
    struct err e = {0};

    if (!jcs_write(value, text, &e))
        assert(!"a value that came through the door has a canonical form");
}

const char *commit_sandbox_text(const struct layer_facts *facts, struct buf *text)
{
    struct jcs_object o;

    if (facts->isolation == ISOLATION_UNSET)
        return NULL;
    buf_reserve(text, SANDBOX_BYTES_USUAL);
    o = jcs_object_begin(text);
    layer_facts_write_row(facts, &o);
    jcs_object_end(&o);
    return buf_text(text);
}

static void write_tally(struct jcs_object *o, const struct node_tally *tally)
{
    const uint32_t numbers[] = {tally->attempts, tally->counted, tally->used, tally->infra};

    jcs_object_key(o, "tally");
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        buf_addc(o->b, i == 0 ? '[' : ',');
        buf_add_int(o->b, numbers[i]);
    }
    buf_addc(o->b, ']');
}

static void write_worker(struct jcs_object *o, struct lane_worker worker, const char *lane)
{
    auto_mem char *name = lane_worker_name_owned(worker, lane);

    if (name != NULL)
        jcs_object_str(o, "worker", name);
}

void commit_attempt_detail(const struct active_run *ar, const struct run_decision *d,
                           struct buf *ret)
{
    const struct node_fact *fact = &ar->nodes[d->ref.node];
    struct jcs_object o;

    buf_reserve(ret, DETAIL_BYTES_USUAL);
    o = jcs_object_begin(ret);
    if (!d->ref.compensation) {
        layer_facts_write_row(&fact->sandbox, &o);
        jcs_object_str(&o, "plugin", fact->plugin);
        jcs_object_str(&o, "plugin_digest", fact->plugin_digest.text);
        jcs_object_str(&o, "profile", profile_name(fact->profile));
    }
    write_tally(&o, &d->tally);
    if (!d->ref.compensation)
        write_worker(&o, fact->worker, fact->lane);
    jcs_object_end(&o);
}
