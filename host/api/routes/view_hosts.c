/* view_hosts.c -- see view_hosts.h. A tenant is told of plugins that it had itself when the run
 * began, and of no others that a host may have. */
#include "api/routes/view_hosts.h"

#include "base/auto.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"

#include <string.h>

enum { NAMED_MAX = 3 }; /* of hosts, and of agents */

const struct store_host *view_host_of(const struct store_run *run,
                                      const struct store_host_list *hosts)
{
    for (size_t i = 0; i < hosts->count && run->lease_owner != NULL; i++) {
        if (strcmp(hosts->rows[i].host_id, run->lease_owner) == 0)
            return &hosts->rows[i];
    }
    return NULL;
}

/* ---- who has what ---- */

/* What each host says that it can run, beside its row. */
struct field {
    const struct store_host_list *hosts;
    json_t **agents;
};

static void field_done(struct field *f)
{
    for (size_t i = 0; f->agents != NULL && i < f->hosts->count; i++)
        json_decref(f->agents[i]);
    free(f->agents);
}
DEFINE_AUTO_DONE(field)

static struct field field_of(const struct store_host_list *hosts)
{
    struct field f = {hosts, mem_array(hosts->count + 1, json_t *)};

    for (size_t i = 0; i < hosts->count; i++)
        f.agents[i] = json_loads(hosts->rows[i].agents, 0, NULL);
    return f;
}

static bool has(const json_t *agents, const char *agent_id, const char *digest)
{
    const json_t *one;
    size_t i;

    json_array_foreach(json_object_get(agents, agent_id), i, one)
    {
        if (json_is_string(one) && strcmp(json_string_value(one), digest) == 0)
            return true;
    }
    return false;
}

static bool has_all(const json_t *agents, const json_t *pins)
{
    const char *agent_id;
    json_t *digest;

    json_object_foreach((json_t *)pins, agent_id, digest)
    {
        if (json_is_string(digest) && !has(agents, agent_id, json_string_value(digest)))
            return false;
    }
    return true;
}

static void add_host(struct buf *b, const struct store_host *host)
{
    buf_adds(b, host->host_id);
    if (*host->address != '\0')
        buf_addf(b, " (%s)", host->address);
}

/* Those alive that have the one, or all when agent_id is NULL; how many they are. */
static size_t add_holders(struct buf *b, const struct field *f, const json_t *pins,
                          const char *agent_id, const char *digest)
{
    size_t count = 0;

    for (size_t i = 0; i < f->hosts->count; i++) {
        if (!f->hosts->rows[i].alive ||
            !(agent_id != NULL ? has(f->agents[i], agent_id, digest) : has_all(f->agents[i], pins)))
            continue;
        count++;
        if (count > NAMED_MAX)
            continue;
        buf_adds(b, count > 1 ? ", " : "");
        add_host(b, &f->hosts->rows[i]);
    }
    if (count > NAMED_MAX)
        buf_addf(b, " and %zu more", count - NAMED_MAX);
    return count;
}

static void add_where(struct buf *b, const struct field *f, const char *agent_id,
                      const char *digest)
{
    auto_done(buf) holders = {0};

    buf_addf(b, "agent '%s' of the library %s, which ", agent_id, digest);
    if (add_holders(&holders, f, NULL, agent_id, digest) == 0)
        buf_adds(b, "no host has");
    else
        buf_addf(b, "%s has", buf_text(&holders));
}

/* ---- a run that nobody has ---- */

/* Of its plugins those that some host lacks, with who has them. */
static void add_scattered(struct buf *b, const struct field *f, const json_t *pins)
{
    const char *agent_id;
    json_t *digest;
    size_t count = 0;

    json_object_foreach((json_t *)pins, agent_id, digest)
    {
        if (!json_is_string(digest) || ++count > NAMED_MAX)
            continue;
        buf_adds(b, count > 1 ? "; " : "");
        add_where(b, f, agent_id, json_string_value(digest));
    }
    if (count > NAMED_MAX)
        buf_addf(b, "; and %zu more", count - NAMED_MAX);
}

static void say_free(struct buf *b, const struct field *f, const json_t *pins)
{
    auto_done(buf) holders = {0};

    buf_adds(b, "no host has it now");
    if (pins == NULL) {
        buf_adds(b, ": one that has all its agents takes it when it has room");
    } else if (add_holders(&holders, f, pins, NULL, NULL) > 0) {
        buf_addf(b, ": %s has the plugins of its start and takes it when there is room",
                 buf_text(&holders));
    } else {
        buf_adds(b, ", and none that runs has all the plugins of its start: ");
        add_scattered(b, f, pins);
    }
}

static void add_free(json_t *reasons, const struct field *f, const json_t *pins)
{
    auto_done(buf) detail = {0};

    say_free(&detail, f, pins);
    why_add(reasons, "no_host", buf_text(&detail), NULL);
}

/* ---- a run whose host lacks a plugin ---- */

struct lacking {
    json_t *reasons;
    const struct field *f;
    const json_t *here, *pins; /* what its host has; what the run wants */
};

/* Told by the first step that waits for one; where none does, what is lacking is not needed. */
static bool add_lacking(void *arg, struct store_node_list *nodes)
{
    const struct lacking *l = arg;

    for (size_t i = 0; i < nodes->count; i++) {
        const char *agent_id = nodes->rows[i].agent_id;
        const char *digest = json_string_value(json_object_get(l->pins, agent_id));
        auto_done(buf) detail = {0};

        if (nodes->rows[i].status != STORE_NODE_RETRYING || digest == NULL ||
            has(l->here, agent_id, digest))
            continue;
        buf_adds(&detail, "the plugin of its start is not here: its host lacks ");
        add_where(&detail, l->f, agent_id, digest);
        why_add(l->reasons, "missing_bundle", buf_text(&detail), nodes->rows[i].node_id);
        return false;
    }
    return true;
}

static bool look_for_lacking(struct store_reader *reader, const struct store_run *run,
                             struct lacking *l, struct err *e)
{
    const struct store_node_filter filter = {run->tenant, run->run_id, .outputs = false};

    return read_nodes_each(reader, &filter, add_lacking, l, e);
}

/* ---- a run that another host has ---- */

/* What a host decides for itself, the others do not know. */
static void add_other(json_t *reasons, const struct store_run *run, const struct store_host *host)
{
    auto_done(buf) detail = {0};

    if (run->status == STORE_RUN_PENDING) {
        why_add(reasons, "host_full", "its host has runs-active-max others", NULL);
        return;
    }
    buf_adds(&detail, "its host is ");
    add_host(&detail, host);
    buf_adds(&detail, ", which alone knows what its steps wait for: ask there");
    why_add(reasons, WHY_OTHER_HOST, buf_text(&detail), NULL);
}

/* ---- all ---- */

bool hosts_add_why(json_t *reasons, struct store_reader *reader, const struct store_run *run,
                   const struct store_host_list *hosts, enum why_where where, bool *ret_alive,
                   struct err *e)
{
    const struct store_host *host = view_host_of(run, hosts);
    auto_json pins = run->agent_digests != NULL ? json_loads(run->agent_digests, 0, NULL) : NULL;
    auto_done(field) f = {hosts, NULL};
    const json_t *agents;

    *ret_alive = host != NULL && host->alive && host->epoch == run->lease_epoch;
    f = field_of(hosts);
    if (!*ret_alive) {
        add_free(reasons, &f, pins);
        return true;
    }
    agents = f.agents[host - hosts->rows];
    if (run->status != STORE_RUN_PENDING && pins != NULL && !has_all(agents, pins) &&
        !look_for_lacking(reader, run, &(struct lacking){reasons, &f, agents, pins}, e))
        return false;
    if (where == WHY_ELSEWHERE && json_array_size(reasons) == 0)
        add_other(reasons, run, host);
    return true;
}
