/* work.c -- see work.h. */
#include "lanes/work.h"

#include "base/auto.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"
#include "model/dag/dag.h"
#include "model/dag/source/parse.h"

#include <string.h>

static const char *const members[] = {"agent_id", "dag_id", "config", "retry_policy",
                                      "timeout_policy"};

/* LANES.md 2. */
enum { RETRIES = 3, ATTEMPT_S = 120 };
enum { VERSION_CHARS = 32 }; /* of the hash: enough that no two are the same */
#define BASE_DELAY_S 4.0
#define MAX_DELAY_S 60.0
#define JITTER_RANGE 0.2

bool lane_work_is(const char *member)
{
    return text_is_among(member, members, ARRAY_LEN(members));
}

/* ---- what holds ---- */

static json_t *retry_default_owned(void)
{
    return json_pack("{s:i, s:s, s:f, s:f, s:b, s:f}", "max_retries", RETRIES, "strategy",
                     "exponential", "base_delay", BASE_DELAY_S, "max_delay", MAX_DELAY_S, "jitter",
                     1, "jitter_range", JITTER_RANGE);
}

static json_t *timeout_default_owned(void)
{
    return json_pack("{s:i, s:s}", "timeout_seconds", ATTEMPT_S, "on_timeout", "fail");
}

/* What is no policy is refused by whoever reads the definition. */
static json_t *policy_owned(json_t *policy, const json_t *said)
{
    if (said == NULL)
        return policy;
    if (!json_is_object(said)) {
        json_decref(policy);
        return json_incref((json_t *)said);
    }
    json_object_update(policy, (json_t *)said);
    return policy;
}

static void show_node(const json_t *work, json_t *to)
{
    json_t *agent = json_object_get(work, "agent_id"), *config = json_object_get(work, "config");

    json_object_set_new(to, "agent_id", agent != NULL ? json_incref(agent) : json_null());
    json_object_set_new(to, "config", config != NULL ? json_incref(config) : json_object());
    json_object_set_new(to, "retry_policy",
                        policy_owned(retry_default_owned(), json_object_get(work, "retry_policy")));
    json_object_set_new(to, "timeout_policy",
                        policy_owned(timeout_default_owned(),
                                     json_object_get(work, "timeout_policy")));
}

void lane_work_show(const json_t *work, json_t *to)
{
    const char *dag_id = lane_work_dag(work);

    show_node(work, to);
    json_object_set_new(to, "dag_id", dag_id != NULL ? json_string(dag_id) : json_null());
}

/* ---- what is said ---- */

const char *lane_work_dag(const json_t *work)
{
    return json_string_value(json_object_get(work, "dag_id"));
}

static bool is_said(const json_t *object, const char *member)
{
    const json_t *value = json_object_get(object, member);

    return value != NULL && !json_is_null(value);
}

/* Of a lane's own DAG there are only tasks of that lane. */
static bool is_dag_id(const json_t *said)
{
    const char *id = json_string_value(said);

    return id != NULL && *id != '\0' && json_string_length(said) <= DAG_ID_BYTES_MAX &&
           strlen(id) == json_string_length(said) &&
           strncmp(id, DAG_OF_LANE, strlen(DAG_OF_LANE)) != 0;
}

bool lane_work_names(const json_t *object, struct err *e)
{
    if (is_said(object, "agent_id") && is_said(object, "dag_id"))
        return err_set(e, ERR_INVALID,
                       "a lane runs an agent or a DAG: 'agent_id' and 'dag_id' are both there");
    return !is_said(object, "dag_id") || is_dag_id(json_object_get(object, "dag_id")) ||
           err_set(e, ERR_INVALID,
                   "'dag_id' is no id of a DAG: 1 to %u bytes, not beginning with '" DAG_OF_LANE
                   "'",
                   DAG_ID_BYTES_MAX);
}

static json_t *definition_owned(const char *lane, const json_t *work)
{
    auto_mem char *id = mem_printf(DAG_OF_LANE "%s", lane);
    json_t *node = json_pack("{s:s}", "lane", lane);

    show_node(work, node);
    return json_pack("{s:s, s:s, s:{s:o}}", "dag_id", id, "name", id, "nodes", LANE_TASK_NODE,
                     node);
}

static void say_own(json_t *node, const struct lane_work_own *own)
{
    if (own->retry != NULL)
        json_object_set_new(node, "retry_policy", policy_owned(retry_default_owned(), own->retry));
    if (own->timeout_s > 0)
        json_object_set_new(json_object_get(node, "timeout_policy"), "timeout_seconds",
                            json_real(own->timeout_s));
}

bool lane_work_runs(const json_t *work)
{
    return json_is_string(json_object_get(work, "agent_id")) ||
           json_is_string(json_object_get(work, "dag_id"));
}

bool lane_work_definition(const char *lane, const json_t *work, const struct lane_work_own *own,
                          json_t **ret, struct err *e)
{
    auto_json doc = definition_owned(lane, work);
    struct sha256_hex hash;

    *ret = NULL;
    if (json_object_get(work, "agent_id") == NULL)
        return true;
    say_own(json_object_get(json_object_get(doc, "nodes"), LANE_TASK_NODE), own);
    if (!jcs_sha256(doc, &hash, e))
        return err_wrap(e, "what lane '%s' runs", lane);
    json_object_set_new(doc, "version", json_stringn(hash.text, VERSION_CHARS));
    *ret = take(doc);
    return true;
}

/* As the definition that it would be. */
bool lane_work_check(const char *lane, const json_t *work, struct err *e)
{
    const json_t *agent = json_object_get(work, "agent_id");
    auto_json doc = definition_owned(lane, work);
    auto_obj(dag) dag = NULL;

    if (agent != NULL && !json_is_null(agent) && json_string_length(agent) == 0)
        return err_set(e, ERR_INVALID, "'agent_id' is no id of an agent");
    if (dag_from_json_valid(doc, &dag, e))
        return true;
    e->code = ERR_INVALID;
    return err_wrap(e, "as the definition of its tasks");
}

json_t *lane_work_read_owned(const json_t *object)
{
    json_t *work = NULL;

    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        json_t *said = json_object_get(object, members[i]);

        if (said == NULL)
            continue;
        if (work == NULL)
            work = json_object();
        json_object_set_new(work, members[i], json_deep_copy(said));
    }
    return work;
}

json_t *lane_work_add_owned(const json_t *work, const json_t *more)
{
    json_t *sum = work != NULL ? json_copy((json_t *)work) : json_object();
    const char *name;
    json_t *value;

    if (is_said(more, "dag_id"))
        json_object_del(sum, "agent_id");
    if (is_said(more, "agent_id"))
        json_object_del(sum, "dag_id");
    json_object_foreach((json_t *)more, name, value)
    {
        if (json_is_null(value))
            json_object_del(sum, name);
        else
            json_object_set(sum, name, value);
    }
    return sum;
}

void lane_work_put(const json_t *work, json_t *to)
{
    if (work != NULL)
        json_object_update(to, (json_t *)work);
}
