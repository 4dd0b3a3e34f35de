/* emissions -- a facility's year of fuel and electricity as greenhouse gas figures. Six agents,
 * one node each: intake, validate, scope1, scope2, aggregate, report (emissions.yaml). */
#define ORCH_SDK_IMPLEMENTATION
#include "facility.h"
#include "job.h"

#define VERSION "1.0.0"

typedef orch_status agent_fn(struct job *job);

/* The run's input holds the file's text as "csv", or its JSON as "facility". */
orch_status agent_intake(struct job *job)
{
    orch_json csv = orch_json_get(job->input, "csv");
    orch_json json = orch_json_get(job->input, "facility");
    char csv_kind = orch_json_kind(csv), json_kind = orch_json_kind(json);
    bool has_csv = csv_kind != 0 && csv_kind != 'n', has_json = json_kind != 0 && json_kind != 'n';
    struct facility f;
    orch_status status;
    orch_bytes text;

    if (has_csv == has_json)
        return bad_input(job, "the input needs either csv (a text) or facility (an object)");
    if (has_csv && !orch_json_text(job->host, job->run, csv, &text))
        return bad_input(job, "csv: a text is needed");
    status = has_csv ? facility_read_csv(job, text, &f) : facility_read(job, json, &f);
    return status == ORCH_OK ? facility_emit(job, &f) : status;
}

orch_status agent_validate(struct job *job)
{
    struct facility f;
    orch_status status = facility_read(job, orch_json_get(job->input, "facility"), &f);

    if (status == ORCH_OK)
        status = facility_check(job, &f);
    return status == ORCH_OK ? facility_emit(job, &f) : status;
}

static orch_status enter(const orch_host *host, orch_run *run, const orch_ctx *ctx, agent_fn *agent)
{
    struct job job = {.host = host, .run = run};

    if (!orch_json_parse(orch_input(ctx), &job.input) || orch_json_kind(job.input) != '{')
        return bad_input(&job, "the input is not a JSON object");
    return agent(&job);
}

/*     name        summary */
#define AGENTS(XX)                                                                                 \
    XX(intake, "Reads a facility file, CSV or JSON")                                               \
    XX(validate, "Checks activities, units, months and repeats")                                   \
    XX(scope1, "Emissions of the fuels that are burnt")                                            \
    XX(scope2, "Emissions of the electricity that is bought, location based")                      \
    XX(aggregate, "Both scopes by month and in total")                                             \
    XX(report, "The year's report, in kg and t")

#define XX(name, text)                                                                             \
    static orch_status run_##name(const orch_host *host, orch_run *run, const orch_ctx *ctx)       \
    {                                                                                              \
        return enter(host, run, ctx, agent_##name);                                                \
    }                                                                                              \
    static const orch_agent entry_##name = {                                                       \
        .size = sizeof(orch_agent),                                                                \
        .flags = ORCH_AGENT_PURE | ORCH_AGENT_IDEMPOTENT,                                          \
        .id = "emissions." #name,                                                                  \
        .version = VERSION,                                                                        \
        .summary = text,                                                                           \
        .profile = "pure",                                                                         \
        .run = run_##name,                                                                         \
    };
AGENTS(XX)
#undef XX

ORCH_PLUGIN("emissions", VERSION, NULL, &entry_intake, &entry_validate, &entry_scope1,
            &entry_scope2, &entry_aggregate, &entry_report);
