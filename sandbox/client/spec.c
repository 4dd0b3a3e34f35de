/* spec.c -- see spec.h. */
#include "sandbox/client/spec.h"

#include "base/limits.h"
#include "sandbox/wire/attempt_wire.h"

#include <string.h>

#define MEMORY_BYTES_DEFAULT (256ULL << 20)
#define MEMORY_BYTES_MIN (16ULL << 20)
#define CPU_MS_DEFAULT (600 * 1000ULL)
#define LOG_BYTES_DEFAULT (256 * 1024ULL)
enum { THREADS_MAX = 64 };

static void fill_limits(struct attempt_limits *l)
{
    l->memory_bytes = l->memory_bytes != 0 ? l->memory_bytes : MEMORY_BYTES_DEFAULT;
    if (l->memory_bytes < MEMORY_BYTES_MIN)
        l->memory_bytes = MEMORY_BYTES_MIN;
    l->cpu_ms = l->cpu_ms != 0 ? l->cpu_ms : CPU_MS_DEFAULT;
    l->log_bytes = l->log_bytes != 0 ? l->log_bytes : LOG_BYTES_DEFAULT;
    if (l->output_bytes == 0 || l->output_bytes > NODE_OUTPUT_BYTES_MAX)
        l->output_bytes = NODE_OUTPUT_BYTES_MAX;
}

struct attempt_limits spec_limits_default(void)
{
    struct attempt_limits limits = {0};

    fill_limits(&limits);
    return limits;
}

bool spec_limits_are_narrow(const struct attempt_limits *limits)
{
    return limits->memory_bytes < MEMORY_BYTES_DEFAULT || limits->cpu_ms < CPU_MS_DEFAULT;
}

/* A shared plugin keeps no secret: both must want it, and nobody may have one. */
static enum isolation isolation_for(const struct attempt_spec *spec, const struct spec_terms *terms)
{
    enum isolation isolation = spec->isolation;

    if (isolation == ISOLATION_UNSET)
        isolation = ISOLATION_COLD;
    if (isolation == ISOLATION_WARM && (!terms->warm_granted || spec->has_secrets))
        isolation = ISOLATION_COLD;
    return isolation < terms->least ? terms->least : isolation;
}

bool spec_complete(struct attempt_spec *spec, const struct layer_report *report,
                   const struct spec_terms *terms, struct err *e)
{
    if (spec->min_level == 0)
        spec->min_level = LAYER_LEVEL_DEFAULT;
    if (spec->profile == PROFILE_UNSET)
        spec->profile = PROFILE_PURE;
    if (spec->profile != PROFILE_PURE)
        return err_set(e, ERR_UNSUPPORTED, "profile '%s' is not in this build; 'pure' is",
                       profile_name(spec->profile));
    if (spec->isolation >= ISOLATION_COUNT || spec->limits.threads_max > THREADS_MAX)
        return err_set(e, ERR_INVALID, "isolation or threads_max out of range");
    if (report->level < spec->min_level || (spec->required_layers & ~report->mask) != 0)
        return err_set(e, ERR_DENIED, "this host's sandbox reaches level %d, the node needs %d",
                       report->level, spec->min_level);
    if (spec->tenant == NULL || strlen(spec->tenant) > TENANT_BYTES_MAX)
        return err_set(e, ERR_INVALID, "an attempt needs a tenant of at most %u bytes",
                       TENANT_BYTES_MAX);
    spec->isolation = isolation_for(spec, terms);
    fill_limits(&spec->limits);
    return true;
}

static struct attempt_text text_of(const char *text, const char *absent)
{
    if (text == NULL)
        text = absent;
    return (struct attempt_text){text, strlen(text)};
}

static struct attempt_text json_of(const char *text, size_t bytes)
{
    return text != NULL ? (struct attempt_text){text, bytes} : text_of("{}", "");
}

bool spec_pack(const struct attempt_spec *spec, struct buf *b, struct err *e)
{
    struct attempt_input input = {
        .agent = text_of(spec->agent_id, ""),
        .run_id = text_of(spec->run_id, ""),
        .node = text_of(spec->node_id, ""),
        .idempotency_key = text_of(spec->idempotency_key, ""),
        .config = json_of(spec->config_json, spec->config_bytes),
        .input = json_of(spec->input_json, spec->input_bytes),
        .title = text_of(spec->title, ""),
        .attempt = spec->attempt,
        .deadline_ns = spec->deadline_ns,
        .logical_time_us = spec->logical_time_us,
        .output_bytes_max = spec->limits.output_bytes,
        .log_bytes_max = spec->limits.log_bytes,
    };

    if (input.input.bytes > NODE_INPUT_BYTES_MAX || input.config.bytes > NODE_INPUT_BYTES_MAX)
        return err_set(e, ERR_TOO_LARGE, "input or config over %u bytes", NODE_INPUT_BYTES_MAX);
    memcpy(input.seed, spec->seed, sizeof input.seed);
    attempt_input_pack(&input, b);
    return b->len <= ATTEMPT_INPUT_BYTES_MAX ||
           err_set(e, ERR_TOO_LARGE, "texts of the attempt are over their limit");
}
