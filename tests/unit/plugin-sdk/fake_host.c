#include "fake_host.h"

#include "base/mem.h"

#include <assert.h>
#include <string.h>

static struct fake_host *of(const orch_run *run)
{
    return (struct fake_host *)(uintptr_t)run;
}

orch_run *fake_run(struct fake_host *host)
{
    return (orch_run *)(void *)host;
}

static void *fake_alloc(orch_run *run, uint64_t bytes)
{
    struct fake_host *host = of(run);

    /* Not summed: bytes comes from the plugin and may be near its type's end. */
    if (host->block_count == FAKE_BLOCKS_MAX || bytes > host->arena_bytes_max - host->arena_bytes)
        return NULL;
    host->arena_bytes += bytes;
    host->blocks[host->block_count] = mem_zero(1, bytes + 1);
    return host->blocks[host->block_count++];
}

static orch_status fake_emit(orch_run *run, const char *port, orch_bytes value)
{
    struct fake_host *host = of(run);

    if (strcmp(port, ORCH_PORT_RESULT) != 0)
        return ORCH_E_UNSUPPORTED;
    if (host->results++ > 0)
        return ORCH_E_INPUT;
    buf_add(&host->result, value.ptr, value.len);
    return ORCH_OK;
}

static orch_status fake_set_error(orch_run *run, const char *error_class, orch_bytes message)
{
    struct fake_host *host = of(run);

    buf_clear(&host->error_class);
    buf_adds(&host->error_class, error_class);
    buf_clear(&host->error_message);
    buf_add(&host->error_message, message.ptr, message.len);
    return ORCH_OK;
}

static void fake_log(orch_run *run, int32_t level, orch_bytes utf8)
{
    buf_addf(&of(run)->log, "%d %.*s\n", level, (int)utf8.len, (const char *)utf8.ptr);
}

static void fake_progress(orch_run *run, uint64_t done, uint64_t total, orch_bytes note)
{
    buf_addf(&of(run)->log, "progress %ju/%ju %.*s\n", (uintmax_t)done, (uintmax_t)total,
             (int)note.len, (const char *)note.ptr);
}

static void fake_heartbeat(orch_run *run)
{
    buf_adds(&of(run)->log, "heartbeat\n");
}

static int32_t fake_should_stop(const orch_run *run)
{
    struct fake_host *host = of(run);

    return host->stop_after >= 0 && host->stop_calls++ >= host->stop_after;
}

static orch_status fake_secret(orch_run *run, const char *name, orch_bytes *ret)
{
    const struct fake_host *host = of(run);

    if (host->secret_name == NULL || strcmp(host->secret_name, name) != 0)
        return ORCH_E_INPUT;
    *ret = (orch_bytes){host->secret_value, strlen(host->secret_value)};
    return ORCH_OK;
}

static const void *fake_ext(const orch_host *host, const char *id)
{
    static const orch_secret_v1 secrets = {sizeof secrets, 0, fake_secret};

    assert(host->size == sizeof *host);
    return strcmp(id, ORCH_EXT_SECRET) == 0 ? &secrets : NULL;
}

void fake_host_init(struct fake_host *host)
{
    memset(host, 0, sizeof *host);
    host->arena_bytes_max = FAKE_ARENA_BYTES_MAX;
    host->stop_after = -1;
    host->table = (orch_host){
        .size = sizeof(orch_host),
        .abi_minor = ORCH_ABI_MINOR,
        .ext = fake_ext,
        .alloc = fake_alloc,
        .emit = fake_emit,
        .set_error = fake_set_error,
        .log = fake_log,
        .progress = fake_progress,
        .heartbeat = fake_heartbeat,
        .should_stop = fake_should_stop,
    };
}

void fake_host_done(struct fake_host *host)
{
    for (size_t i = 0; i < host->block_count; i++)
        free(host->blocks[i]);
    buf_done(&host->result);
    buf_done(&host->error_class);
    buf_done(&host->error_message);
    buf_done(&host->log);
}

static orch_bytes view(const char *text)
{
    return (orch_bytes){text, strlen(text)};
}

orch_status fake_agent_run(struct fake_host *host, const orch_plugin *plugin, const char *agent,
                           const char *input, const char *config, uint32_t attempt)
{
    static const char *const input_names[] = {"input"};
    const orch_bytes inputs[] = {view(input)};
    const orch_ctx ctx = {
        .size = sizeof ctx,
        .attempt = attempt,
        .agent = view(agent),
        .run_id = view("run-1"),
        .node = view("node-1"),
        .idempotency_key = view("run-1/node-1"),
        .config = view(config),
        .inputs = inputs,
        .input_names = input_names,
        .n_inputs = 1,
    };

    for (uint32_t i = 0; i < plugin->n_agents; i++)
        if (strcmp(plugin->agents[i]->id, agent) == 0)
            return plugin->agents[i]->run(&host->table, fake_run(host), &ctx);
    return INT32_MIN;
}
