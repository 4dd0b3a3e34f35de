/* hosts.c -- the hosts that the store remembers: who is alive, and what each has. */
#include "api/http/jsonw.h"
#include "api/request/made.h"
#include "api/routes/handlers.h"
#include "api/routes/view.h"

#include "base/auto.h"

#include <string.h>

static const char *state_of(const struct store_host *host)
{
    return host->alive ? "alive" : host->ended ? "ended" : "fenced";
}

/* Of an opening that is not alive everything is free. */
static void add_jobs(struct buf *b, const struct store_host *host,
                     const struct store_job_list *jobs)
{
    jw_open(b, "jobs", '[');
    for (size_t i = 0; i < jobs->count; i++) {
        const struct store_job *job = &jobs->rows[i];

        if (!job->is_free && strcmp(job->lease_owner, host->host_id) == 0)
            jw_str(b, NULL, job->job);
    }
    jw_close(b, ']');
}

static int64_t agents_of(const struct store_host *host)
{
    auto_json agents = json_loads(host->agents, 0, NULL);

    return (int64_t)json_object_size(agents);
}

static bool add_host(struct buf *b, struct store_reader *reader, const struct store_host *host,
                     const struct store_job_list *jobs, struct err *e)
{
    int64_t runs = 0;

    if (host->alive && !store_read_runs_of(reader, host->host_id, host->epoch, &runs, e))
        return false;
    jw_open(b, NULL, '{');
    jw_str(b, "hostId", host->host_id);
    jw_int(b, "epoch", host->epoch);
    jw_str(b, "state", state_of(host));
    jw_str(b, "version", host->version);
    jw_str(b, "address", *host->address != '\0' ? host->address : NULL);
    jw_time(b, "startedUtc", host->started_us);
    jw_time(b, "heartbeatUtc", host->heartbeat_us);
    jw_real(b, "heartbeatAgeMs", (double)host->silent_us / 1000);
    add_jobs(b, host, jobs);
    jw_int(b, "runs", runs);
    jw_int(b, "agents", agents_of(host));
    jw_close(b, '}');
    return true;
}

bool host_list(const struct api_request *req, struct store_reader *reader, struct made *made,
               struct err *e)
{
    auto_done(store_host_list) hosts = {0};
    auto_done(store_job_list) jobs = {0};
    struct buf *body = &made->body;
    struct store_page page;

    if (!query_page(req, &page, e) || !store_read_hosts(reader, page, &hosts, e) ||
        !store_read_jobs(reader, (struct store_page){.size = STORE_PAGE_ROWS_MAX}, &jobs, e))
        return false;
    jw_open(body, NULL, '{');
    jw_open(body, "items", '[');
    for (size_t i = 0; i < hosts.count; i++) {
        if (!add_host(body, reader, &hosts.rows[i], &jobs, e))
            return false;
    }
    jw_close(body, ']');
    view_next_page(body, hosts.next_page);
    jw_close(body, '}');
    return true;
}
