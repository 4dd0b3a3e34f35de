/* sim_dag.c -- a random definition, small but with every policy in it somewhere. */
#include "sim.h"

#include <assert.h>

struct draft {
    struct rng rng;
    struct buf text;
    bool calm;
    uint32_t count;
};

/* One draw a statement: the order of a call's arguments is the compiler's. */
static unsigned below(struct draft *d, unsigned bound)
{
    return (unsigned)rng_below(&d->rng, bound);
}

static bool likely(struct draft *d, unsigned percent)
{
    return below(d, 100) < percent;
}

static const char *one_of(struct draft *d, const char *const *words, size_t count)
{
    return words[below(d, (unsigned)count)];
}

static void add_deps(struct draft *d, uint32_t node)
{
    const char *comma = "";

    buf_adds(&d->text, ",\"depends_on\":[");
    for (uint32_t dep = 0; dep < node; dep++) {
        if (!likely(d, 25))
            continue;
        buf_addf(&d->text, "%s\"n%02u\"", comma, dep);
        comma = ",";
    }
    buf_adds(&d->text, "]");
}

static void add_policies(struct draft *d)
{
    static const char *const strategies[] = {"exponential", "linear", "constant", "fibonacci"};
    static const char *const actions[] = {"fail", "skip", "compensate"};
    static const char *const lists[] = {"[]", "[]", "[\"Exception\"]", "[\"TimeoutError\"]"};

    buf_addf(&d->text, ",\"retry_policy\":{\"max_retries\":%u", below(d, 4));
    buf_addf(&d->text, ",\"strategy\":\"%s\"", one_of(d, strategies, ARRAY_LEN(strategies)));
    buf_addf(&d->text, ",\"base_delay\":0.5,\"jitter\":%s", likely(d, 50) ? "true" : "false");
    buf_addf(&d->text, ",\"retryable_exceptions\":%s}", one_of(d, lists, ARRAY_LEN(lists)));
    buf_addf(&d->text, ",\"timeout_policy\":{\"timeout_seconds\":%u", 1 + below(d, 4));
    buf_addf(&d->text, ",\"on_timeout\":\"%s\"", one_of(d, actions, ARRAY_LEN(actions)));
    if (!d->calm && likely(d, 30))
        buf_addf(&d->text, ",\"node_timeout_seconds\":%u", 1 + below(d, 8));
    if (!d->calm && likely(d, 20))
        buf_addf(&d->text, ",\"queue_timeout_seconds\":0.%u", 1 + below(d, 8));
    buf_adds(&d->text, "}");
}

static void add_node(struct draft *d, uint32_t node)
{
    static const char *const failures[] = {"stop", "stop", "skip", "compensate"};

    buf_addf(&d->text, "%s\"n%02u\":{\"agent_id\":\"a\"", node > 0 ? "," : "", node);
    add_deps(d, node);
    add_policies(d);
    buf_addf(&d->text, ",\"on_failure\":\"%s\"", one_of(d, failures, ARRAY_LEN(failures)));
    if (likely(d, 40))
        buf_addf(&d->text, ",\"compensation_handler\":\"undo%02u\"", node);
    if (likely(d, 5))
        buf_adds(&d->text, ",\"enabled\":false");
    if (!d->calm && likely(d, 10))
        buf_adds(&d->text, ",\"idempotent\":false");
    if (node > 0 && likely(d, 15))
        buf_addf(&d->text, ",\"condition\":\"results.n%02u.odd == true\"", below(d, node));
    if (node > 0 && likely(d, 20))
        buf_addf(&d->text, ",\"input_mapping\":{\"x\":\"results.n%02u.hash\"}", below(d, node));
    buf_adds(&d->text, "}");
}

json_t *sim_definition_owned(uint64_t seed, bool *ret_calm)
{
    static const char *const failures[] = {"fail_fast", "continue", "compensate"};
    struct draft d = {.rng = rng_of(seed)};
    auto_done(buf) text = {0};
    json_t *doc = NULL;

    d.calm = likely(&d, 50);
    bool wide = likely(&d, 20);
    d.count = 1 + below(&d, wide ? NODES_MAX : 9);
    buf_adds(&d.text, "{\"name\":\"sim\",\"nodes\":{");
    for (uint32_t i = 0; i < d.count; i++)
        add_node(&d, i);
    buf_addf(&d.text, "},\"on_failure\":\"%s\"", one_of(&d, failures, ARRAY_LEN(failures)));
    buf_addf(&d.text, ",\"max_parallel_nodes\":%u", 1 + below(&d, 4));
    if (!d.calm && likely(&d, 15))
        buf_addf(&d.text, ",\"run_timeout_seconds\":%u", 1 + below(&d, 20));
    buf_adds(&d.text, "}");

    text = d.text;
    bool ok = json_parse(buf_text(&text), text.len, &json_limits_default, &doc, NULL, NULL);
    assert(ok);
    *ret_calm = d.calm;
    return doc;
}
