/* load_policy.c -- retry_policy, timeout_policy and their defaults. */
#include "model/dag/source/load.h"

#include "base/mem.h"
#include "model/dag/words.h"

#include <stddef.h>

static void load_retryable(struct loader *l, void *target, const char *key, json_t *value);

#define AT(member) offsetof(struct retry_policy, member)
const struct field retry_fields[] = {
    {.name = "max_retries",
     FIELD_UINT32,
     AT(max_retries),
     0,
     RETRIES_MAX,
     .absent = "3",
     .help = "Retries after the first attempt: there is one attempt more than this."},
    {.name = "strategy",
     FIELD_WORD,
     AT(strategy),
     .words = retry_strategy_words,
     .absent = "\"exponential\"",
     .help = "How the delay grows with the k-th retry: base_delay times 2^(k-1), k, 1 or the k-th "
             "Fibonacci number."},
    {.name = "base_delay",
     FIELD_NUMBER,
     AT(base_delay_s),
     0,
     RETRY_DELAY_S_MAX,
     .absent = "1.0",
     .help = "Seconds."},
    {.name = "max_delay",
     FIELD_NUMBER,
     AT(max_delay_s),
     0,
     RETRY_DELAY_S_MAX,
     .absent = "60.0",
     .help = "Seconds; the cap of a delay before its jitter."},
    {.name = "jitter",
     FIELD_BOOL,
     AT(jitter),
     .absent = "true",
     .help = "Draws each delay from around its value, from the run's seed."},
    {.name = "jitter_range",
     FIELD_NUMBER,
     AT(jitter_range),
     0,
     1,
     .absent = "0.1",
     .help = "How far around, as a part of the delay."},
    {.name = "retryable_exceptions",
     FIELD_CUSTOM,
     0,
     .load = load_retryable,
     .form = "a list of texts",
     .schema = "{\"type\": \"array\", \"items\": {\"type\": \"string\"}}",
     .absent = "[]",
     .help = "Error classes that are tried again; `Exception` or an empty list: every one. Policy "
             "violations and bad input never are."},
    {0},
};
#undef AT

#define AT(member) offsetof(struct timeout_policy, member)
const struct field timeout_fields[] = {
    {.name = "timeout_seconds",
     FIELD_NUMBER,
     AT(attempt_s),
     0.001,
     TIMEOUT_S_MAX,
     .absent = "60.0",
     .help = "What one attempt may take."},
    {.name = "node_timeout_seconds",
     FIELD_NUMBER,
     AT(node_s),
     0.001,
     TIMEOUT_S_MAX,
     .help = "What all attempts and the delays between them may take."},
    {.name = "queue_timeout_seconds",
     FIELD_NUMBER,
     AT(queue_s),
     0.001,
     TIMEOUT_S_MAX,
     .help = "How long the node may wait for a place to run."},
    {.name = "on_timeout",
     FIELD_WORD,
     AT(on_timeout),
     .words = timeout_action_words,
     .absent = "\"fail\"",
     .help = "After the retries are spent: the node fails, is skipped, or the run is rolled back."},
    {0},
};
#undef AT

static void load_retryable(struct loader *l, void *target, const char *key, json_t *value)
{
    struct retry_policy *policy = target;
    size_t i;
    json_t *item;

    if (!load_texts(l, key, value))
        return;
    policy->retryable = mem_array(json_array_size(value) + 1, const char *);
    policy->retryable_count = json_array_size(value);
    json_array_foreach(value, i, item) policy->retryable[i] = json_string_value(item);
}

/* The loader for the members of an object member. */
static struct loader inside(const struct loader *l, const char *key)
{
    struct loader inner = *l;

    inner.within = key;
    inner.wrong = FINDING_BAD_POLICY;
    return inner;
}

static bool is_policy(struct loader *l, const char *key, json_t *value)
{
    struct loader wrong = *l;

    wrong.wrong = FINDING_BAD_POLICY;
    if (!json_is_object(value))
        load_wrong(&wrong, key, value, "an object");
    return json_is_object(value);
}

void load_retry_policy(struct loader *l, const char *key, json_t *value,
                       struct retry_policy *target)
{
    struct loader inner = inside(l, key);

    *target = retry_policy_default;
    if (is_policy(l, key, value))
        load_fields(&inner, retry_fields, value, target);
}

void load_timeout_policy(struct loader *l, const char *key, json_t *value,
                         struct timeout_policy *target)
{
    struct loader inner = inside(l, key);

    *target = timeout_policy_default;
    if (!is_policy(l, key, value))
        return;
    load_fields(&inner, timeout_fields, value, target);
    target->attempt_is_integer = json_is_integer(json_object_get(value, "timeout_seconds"));
}

/* An empty object means "inherit", as null does (greenlang 1.2). */
static bool is_empty(const json_t *value)
{
    return json_is_object(value) && json_object_size(value) == 0;
}

void load_retry_policy_ptr(struct loader *l, void *target, const char *key, json_t *value)
{
    struct retry_policy **policy = target;

    if (is_empty(value))
        return;
    *policy = mem_new(struct retry_policy);
    load_retry_policy(l, key, value, *policy);
}

void load_timeout_policy_ptr(struct loader *l, void *target, const char *key, json_t *value)
{
    struct timeout_policy **policy = target;

    if (is_empty(value))
        return;
    *policy = mem_new(struct timeout_policy);
    load_timeout_policy(l, key, value, *policy);
}
