/* main.c -- `orchd`: parses the settings, starts the parts in order, runs the loop, stops them in
 * the reverse order. See host.h for the order and why. */
#include "api/api.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/program.h"
#include "base/text.h"
#include "daemon/again.h"
#include "daemon/binding.h"
#include "daemon/bridge.h"
#include "daemon/credentials.h"
#include "daemon/files.h"
#include "daemon/home.h"
#include "daemon/host.h"
#include "daemon/loop.h"
#include "daemon/migrate.h"
#include "daemon/notify.h"
#include "daemon/others.h"
#include "daemon/queues.h"
#include "daemon/revocations.h"
#include "daemon/server.h"
#include "daemon/service.h"
#include "daemon/settings.h"
#include "daemon/stop.h"
#include "daemon/told.h"
#include "engine/catalog/agents.h"
#include "engine/engine.h"
#include "engine/evidence/heads.h"
#include "store/beside.h"
#include "store/hosts.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* While one prepares what is published, the other reads what runs wait for. */
enum { ENGINE_THREADS = 2 };

#define PLUGINS_NS (30LL * 1000 * 1000 * 1000)

void host_fail(struct host *host, const struct err *why)
{
    if (host->fatal.code != ERR_NONE)
        return;
    host->fatal = *why;
    host->fenced =
        host->store != NULL && store_shared(host->store) && store_hold(host->store) == STORE_FENCED;
    if (host->engine != NULL)
        engine_fail(host->engine);
    log_event(LOG_ERROR, host->fenced ? "host.fenced" : "host.fatal", F_ERR(why));
    if (host->loop != NULL)
        loop_stop(host->loop);
}

/* ---- the sandbox's events, handed on ---- */

static void on_plugin_ready(void *arg, const struct sandbox_plugin_info *info)
{
    agents_on_ready(((struct host *)arg)->agents, info);
}

static void on_plugin_failed(void *arg, const char *digest, const struct err *why)
{
    agents_on_failed(((struct host *)arg)->agents, digest, why);
}

static void on_plugin_quarantined(void *arg, const char *digest, const struct err *why)
{
    agents_on_quarantined(((struct host *)arg)->agents, digest, why);
}

/* An authority that was started again read the trust folder anew: so do we. */
static void on_authority_socket(void *arg, int fd)
{
    struct host *host = arg;

    authority_client_attach(host->authority, &fd);
    if (host->api != NULL)
        agents_scan(host->agents);
}

static void on_bridge_socket(void *arg, int fd)
{
    bridge_attach(arg, fd);
}

static void on_supervisor_gone(void *arg)
{
    struct host *host = arg;
    struct err e = {0};

    if (host->loop != NULL && loop_told_to_end(host->loop)) {
        ending_now(host); /* nothing runs any more that could be waited for */
        loop_stop(host->loop);
        return;
    }
    err_set(&e, ERR_UNAVAILABLE, "the supervisor is gone: nothing can be run any more");
    host_fail(host, &e);
}

static void on_attempt_log(void *arg, uint64_t id, enum attempt_stream stream, int32_t level,
                           const char *text, size_t len)
{
    engine_on_attempt_log(((struct host *)arg)->engine, id, stream, level, text, len);
}

static void on_attempt_started(void *arg, uint64_t id, const struct attempt_start *start)
{
    engine_on_attempt_started(((struct host *)arg)->engine, id, start);
}

static void on_attempt_done(void *arg, uint64_t id, const struct attempt_result *result)
{
    struct host *host = arg;

    loop_told_to_end(host->loop); /* or the signal that ended both would be the attempt's crash */
    engine_on_attempt_done(host->engine, id, result);
}

static const struct sandbox_events sandbox_callbacks = {
    .on_plugin_ready = on_plugin_ready,
    .on_plugin_failed = on_plugin_failed,
    .on_plugin_quarantined = on_plugin_quarantined,
    .on_authority = on_authority_socket,
    .on_bridge = on_bridge_socket,
    .on_supervisor_gone = on_supervisor_gone,
    .on_attempt_log = on_attempt_log,
    .on_attempt_started = on_attempt_started,
    .on_attempt_done = on_attempt_done,
};

/* ---- start ---- */

static bool begin_sandbox(struct host *host, struct err *e)
{
    auto_mem char *libexec = program_libexec(config_text(host->config, CONFIG_LIBEXEC));
    auto_mem char *supervisor = mem_printf("%s/orch-supervisor", libexec);
    auto_mem char *worker = mem_printf("%s/orch-worker", libexec);
    auto_mem char *authority = mem_printf("%s/orch-authority", libexec);
    auto_mem char *bridge = mem_printf("%s/orch-bridge", libexec);

    return sandbox_begin(
        &(struct sandbox_options){
            .supervisor_path = supervisor,
            .worker_path = worker,
            .authority_path = authority,
            .bridge_path = host->bridge != NULL ? bridge : NULL,
            .authority_create_root = config_bool(host->config, CONFIG_DEV),
            .home = host->home,
            .without = config_text(host->config, CONFIG_SANDBOX_WITHOUT),
            .spares_max = host->files.spares,
        },
        &sandbox_callbacks, host, &host->sandbox, e);
}

static bool start_store(struct host *host, struct err *e)
{
    auto_mem char *path = mem_printf("%s/orch.db", host->home);

    const char *url = config_text(host->config, CONFIG_STORE);
    const char *address = config_text(host->config, CONFIG_ADDRESS);
    char host_id[UUID_TEXT_BYTES];

    if (!home_id(host->home, host_id, e))
        return false;

    struct store_options options = {
        .url = *url != '\0' ? url : path,
        .schema = config_text(host->config, CONFIG_STORE_SCHEMA),
        .host_id = host_id,
        .address = *address != '\0' ? address : config_text(host->config, CONFIG_LISTEN),
        .lease_ttl_ms = (uint32_t)config_int(host->config, CONFIG_LEASE_TTL) * 1000,
        .check = STORE_CHECK_BOUNDED,
        .create = binding_create(host),
    };

    if (store_open(&options, &host->store, e))
        return store_reader_open(host->store, &host->reader, e) &&
               beside_start(host->store, ENGINE_THREADS, 0, &host->beside, e);
    if (e->code == ERR_NOT_FOUND && options.create == STORE_CREATE_NEVER)
        return err_wrap(
            e, "this home had a store: put it back, or start once with --init for a new one");
    return false;
}

/* ---- what the engine is given ---- */

/* Nobody streams before the server is open and after it was closed. */
static void publish(void *arg, const struct api_event *events, size_t count)
{
    struct host *host = arg;

    if (host->api != NULL)
        api_stream_publish(host->api, events, count);
}

static void audited(void *arg, const struct store_done *entry)
{
    struct host *host = arg;

    if (host->engine != NULL)
        heads_note(engine_heads(host->engine), entry->tenant, entry->first_event,
                   entry->last_event);
    if (host->api != NULL)
        api_stream_passed(host->api, entry->tenant, entry->first_event, entry->last_event);
}

static void fatal(void *arg, const struct err *why)
{
    host_fail(arg, why);
}

static struct engine_env env_of(struct host *host)
{
    return (struct engine_env){
        .store = host->store,
        .reader = host->reader,
        .beside = host->beside,
        .metrics = host->metrics,
        .task_times = host->task_times,
        .clock = {clock_mono_ns, clock_wall_us, clock_boot_us},
        .sandbox =
            {
                .sandbox = host->sandbox,
                .attempt_start = sandbox_attempt_start,
                .attempt_cancel = sandbox_attempt_cancel,
                .attempt_kill = sandbox_attempt_kill,
                .attempt_pid = sandbox_attempt_pid,
                .plugin_add = sandbox_plugin_add,
                .plugin_remove = sandbox_plugin_remove,
                .plugin_revoke = sandbox_plugin_revoke,
            },
        .authority =
            {
                .client = host->authority,
                .attached = authority_client_attached,
                .sign = authority_sign,
                .verify_dag = authority_verify_dag,
                .verify_bundle = authority_verify_bundle,
                .secret_seal = authority_secret_seal,
                .secret_unseal = authority_secret_unseal,
            },
        .bridge = host->bridge,
        .set = host_settings(host),
        .builder_id = host->builder_id,
        .random = randombytes_buf,
        .agents = host->agents,
        .agent_find = agents_find,
        .agent_withdrawn = agents_withdrawn,
        .agent_awaited = agents_awaited,
        .arg = host,
        .publish = publish,
        .audited = audited,
        .run_here = bridge_run_here,
        .fatal = fatal,
    };
}

static bool wait_for_authority(struct host *host, struct err *e)
{
    int64_t until = clock_mono_ns() + PLUGINS_NS;

    while (!authority_client_attached(host->authority)) {
        if (told_to_end() != 0)
            return err_set(e, ERR_UNAVAILABLE, "told to end while it started");
        if (clock_mono_ns() > until || host->fatal.code != ERR_NONE)
            return err_set(e, ERR_TIMEOUT, "the authority did not start (see its log lines)");
        loop_once(host->loop);
    }
    return true;
}

static bool wait_for_plugins(struct host *host, struct err *e)
{
    int64_t until = clock_mono_ns() + PLUGINS_NS;

    agents_scan(host->agents);
    while (agents_busy(host->agents) || agents_fetching(host->agents)) {
        bool late = clock_mono_ns() > until;

        if (told_to_end() != 0)
            return err_set(e, ERR_UNAVAILABLE, "told to end while it started");
        if (host->fatal.code != ERR_NONE || (late && agents_busy(host->agents)))
            return err_set(e, ERR_TIMEOUT, "the plugins did not load in time");
        if (late) { /* what waits for them is held, not failed */
            log_event(LOG_WARN, "plugins.still_fetched");
            return true;
        }
        loop_once(host->loop);
    }
    return true;
}

static bool start_parts(struct host *host, struct err *e)
{
    host->metrics = metrics_new();
    host->task_times = task_times_new(clock_mono_ns());
    host->authority = authority_client_new();
    bridge_begin(host);
    host->agents = agents_new(&host->env);
    host->revocations = revocations_new(host);
    /* The supervisor probes the machine while the store is opened and looked at. */
    if (!begin_sandbox(host, e) || !start_store(host, e) || !sandbox_await(host->sandbox, e) ||
        !loop_new(host, &host->loop, e))
        return false;
    host->env = env_of(host);
    host->engine = engine_new(&host->env);
    if (!wait_for_authority(host, e) || !identity_load(host, e) || !binding_check(host, e))
        return false;
    if (config_bool(host->config, CONFIG_DEV) && !identity_dev(host, e))
        return err_wrap(e, "--dev");
    return identity_revocations(host, e) && wait_for_plugins(host, e);
}

static bool write_pid(const struct host *host, struct err *e)
{
    const char *path = config_text(host->config, CONFIG_PID_FILE);
    auto_mem char *text = mem_printf("%d\n", (int)getpid());

    return *path == '\0' || file_write_atomic(path, text, strlen(text), 0644, e);
}

/* Of the process: a later life has it. */
static bool lock_home(const struct host *host, struct err *e)
{
    return host->again->tries > 0 || home_lock(host->home, e);
}

static bool start(struct host *host, struct err *e)
{
    int64_t began = clock_mono_ns();
    unsigned recovered;

    /* Whatever may be refused comes before the runs: recovery begins their attempts anew. */
    if (!binding_home(host->home, e) || !lock_home(host, e) || !queues_read(host, e) ||
        !start_parts(host, e) || !server_start(host, e) || !write_pid(host, e) ||
        !engine_recover(host->engine, &recovered, e))
        return false;
    others_listen(host);
    engine_accept(host->engine, config_bool(host->config, CONFIG_ACCEPT_RUNS));
    metrics_set(host->metrics, METRIC_BUILD, METRIC_LABELS(ORCH_VERSION), 1);
    metrics_set(host->metrics, METRIC_CHAIN_VALID, METRIC_NO_LABELS, 1);
    log_event(LOG_INFO, "host.ready", F_STR("listen", config_text(host->config, CONFIG_LISTEN)),
              F_INT("port", api_port(host->api)), F_STR("store", store_version(host->store)),
              F_INT("sandbox_level", sandbox_layers(host->sandbox)->level),
              F_INT("runs_recovered", recovered),
              F_INT("start_ms", (clock_mono_ns() - began) / 1000000));
    notify_service_manager("READY=1");
    host->again->port = api_port(host->api);
    host->again->ready_ns = clock_mono_ns();
    return true;
}

static void tell_ignored(void *arg unused_arg, const char *name, const char *instead)
{
    log_event(LOG_WARN, "config.name_ignored", F_STR("name", name), F_STR("instead", instead));
}

/* From its start to its end. False: it did not end in order. */
static bool live(const struct config *config, struct again *again, bool *ret_fenced, struct err *e)
{
    struct host host = {.config = config, .home = config_text(config, CONFIG_HOME), .again = again};
    bool started = host_share_descriptors(&host, e) && start(&host, e);

    if (started)
        loop_run(host.loop);
    else
        log_event(told_to_end() != 0 ? LOG_INFO : LOG_ERROR, "host.not_started", F_ERR(e));
    if (host.fatal.code != ERR_NONE)
        *e = host.fatal;
    stop_host(&host);
    *ret_fenced = host.fenced;
    return (started || told_to_end() != 0) && (host.fatal.code == ERR_NONE || host.fenced);
}

static int serve(const struct config *config)
{
    struct again again = {0};
    struct err e = {0};
    enum again_next next;
    bool fenced, ok;

    config_tell_ignored(environ, tell_ignored, NULL);
    do {
        ok = live(config, &again, &fenced, &e);
        next = again_next(&again, fenced, &e);
    } while (next == AGAIN_DUE);
    ok = next == AGAIN_TOLD_TO_END || (ok && !fenced);
    log_event(LOG_INFO, "host.stopped", F_INT("clean", ok));
    return ok ? 0 : 1;
}

static bool setup_log(const struct config *config, struct err *e)
{
    const char *format = config_text(config, CONFIG_LOG_FORMAT);
    enum log_level least;

    if (!log_level_parse(config_text(config, CONFIG_LOG_LEVEL), &least))
        return err_set(e, ERR_INVALID, "log-level: '%s' is not debug, info, warn or error",
                       config_text(config, CONFIG_LOG_LEVEL));
    if (strcmp(format, "json") != 0 && strcmp(format, "text") != 0)
        return err_set(e, ERR_INVALID, "log-format: '%s' is neither json nor text", format);
    log_setup("orchd", least, strcmp(format, "json") == 0);
    log_own_output();
    return true;
}

static int usage(void)
{
    auto_done(buf) text = {0};

    config_help(&text);
    printf("orchd %s -- the orch host\n\nusage: orchd [--flag VALUE]...\n"
           "       orchd migrate up|down|status [--store URL]\n\n%s",
           ORCH_VERSION, buf_text(&text));
    return 0;
}

int main(int argc, char **argv)
{
    auto_obj(config) config = NULL;
    struct err e = {0};
    bool help;

    fd_hold_standard(true);
    umask(077);
    if (argc > 1 && strcmp(argv[1], "migrate") == 0)
        return migrate_main(argc - 1, argv + 1);
    json_setup();
    if (!config_load(argc, argv, getenv, &config, &help, &e) || !setup_log(config, &e) ||
        !told_listen(&e)) {
        fprintf(stderr, "orchd: %s\n", e.msg);
        return 2;
    }
    return help ? usage() : serve(config);
}
