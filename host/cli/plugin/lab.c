/* lab.c -- see lab.h. */
#include "cli/plugin/lab.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/program.h"
#include "bundle/words.h"

#include <poll.h>
#include <string.h>

#define LAB_TENANT "lab"
enum { LAB_LOG_BYTES_MAX = 1024 * 1024 };

struct lab {
    struct sandbox *sandbox;
    const struct plugin_image *image; /* while loading */
    struct sha256_hex digest;
    struct lab_agent *agents;
    size_t agent_count;
    bool waiting;      /* for the plugin to load, or for the attempt to end */
    struct err failed; /* code ERR_NONE: nothing did */
    int64_t end_ns;    /* of all of it; 0: none */
    struct lab_result *result;
};

void lab_result_done(struct lab_result *result)
{
    buf_done(&result->error_class);
    buf_done(&result->error_message);
    buf_done(&result->output);
    buf_done(&result->log);
}

void lab_free(struct lab *lab)
{
    if (lab == NULL)
        return;
    sandbox_free(lab->sandbox);
    for (size_t i = 0; i < lab->agent_count; i++)
        free(lab->agents[i].id);
    free(lab->agents);
    free(lab);
}

const struct lab_agent *lab_agents(const struct lab *lab, size_t *ret_count)
{
    *ret_count = lab->agent_count;
    return lab->agents;
}

/* ---- what the sandbox tells ---- */

static bool take_agents(struct lab *lab, const struct sandbox_plugin_info *info, struct err *e)
{
    const struct manifest *m = lab->image->manifest;

    lab->agents = mem_array(info->n_agents, struct lab_agent);
    for (uint32_t i = 0; i < info->n_agents; i++) {
        struct lab_agent *agent = &lab->agents[lab->agent_count++];

        agent->id = mem_str(info->agents[i].id);
        if (!profile_parse(plugin_says_profile(&info->agents[i]), &agent->profile))
            return err_set(e, ERR_UNPROCESSABLE, "agent '%s' wants unknown profile '%s'", agent->id,
                           info->agents[i].profile);
    }
    return m == NULL || manifest_agrees(m, info, e);
}

static void on_plugin_ready(void *arg, const struct sandbox_plugin_info *info)
{
    struct lab *lab = arg;

    lab->waiting = false;
    if (!take_agents(lab, info, &lab->failed))
        sandbox_plugin_remove(lab->sandbox, lab->digest.text);
}

static void on_plugin_failed(void *arg, const char *digest unused_arg, const struct err *why)
{
    struct lab *lab = arg;

    lab->waiting = false;
    lab->failed = *why;
}

static void on_supervisor_gone(void *arg)
{
    struct lab *lab = arg;

    lab->waiting = false;
    err_set(&lab->failed, ERR_UNAVAILABLE, "the sandbox's supervisor ended");
}

static void on_attempt_log(void *arg, uint64_t id unused_arg, enum attempt_stream stream unused_arg,
                           int32_t level unused_arg, const char *text, size_t len)
{
    struct lab *lab = arg;

    if (lab->result == NULL || lab->result->log.len + len > LAB_LOG_BYTES_MAX)
        return;
    buf_add(&lab->result->log, text, len);
    if (len > 0 && text[len - 1] != '\n')
        buf_addc(&lab->result->log, '\n');
}

static void on_attempt_done(void *arg, uint64_t id unused_arg, const struct attempt_result *done)
{
    struct lab *lab = arg;

    lab->waiting = false;
    *lab->result = (struct lab_result){
        .outcome = done->outcome,
        .status = done->status,
        .log = lab->result->log,
        .signal = done->signal,
        .level = done->level,
        .layers = done->layers,
        .wall_ns = done->wall_ns,
    };
    buf_adds(&lab->result->error_class, done->error_class);
    buf_adds(&lab->result->error_message, done->error_message);
    if (done->output != NULL)
        buf_add(&lab->result->output, done->output, done->output_bytes);
}

/* ---- turning ---- */

static bool is_over(const struct lab *lab)
{
    return lab->end_ns != 0 && clock_mono_ns() >= lab->end_ns;
}

static bool over(struct err *e)
{
    return err_set(e, ERR_TIMEOUT, "--timeout passed");
}

/* Until an event ends the waiting; the sandbox has its own deadlines. */
static bool lab_wait(struct lab *lab, struct err *e)
{
    lab->waiting = true;
    while (lab->waiting) {
        struct pollfd p = {.fd = sandbox_poll_fd(lab->sandbox), .events = POLLIN};
        int64_t now = clock_mono_ns(), timer = sandbox_next_timer(lab->sandbox);
        int64_t wait_ms = timer <= now ? 0 : (timer - now) / 1000000 + 1;

        poll(&p, 1, wait_ms < 100 ? (int)wait_ms : 100);
        sandbox_turn(lab->sandbox, clock_mono_ns());
        if (lab->waiting && lab->result == NULL && is_over(lab))
            return over(e); /* an attempt has its own deadline, and tells what it had logged */
    }
    if (lab->failed.code != ERR_NONE) {
        *e = lab->failed;
        return false;
    }
    return true;
}

static bool find_programs(char **ret_supervisor, char **ret_worker, struct err *e)
{
    auto_mem char *dir = program_libexec(getenv("ORCH_LIBEXEC"));
    auto_mem char *supervisor = mem_printf("%s/orch-supervisor", dir);
    auto_mem char *worker = mem_printf("%s/orch-worker", dir);

    if (access(supervisor, X_OK) != 0 || access(worker, X_OK) != 0)
        return err_set(e, ERR_NOT_FOUND,
                       "orch-supervisor and orch-worker are not in '%s' (ORCH_LIBEXEC says where)",
                       dir);
    *ret_supervisor = take(supervisor);
    *ret_worker = take(worker);
    return true;
}

static bool start_sandbox(struct lab *lab, struct err *e)
{
    static const struct sandbox_events events = {
        .on_plugin_ready = on_plugin_ready,
        .on_plugin_failed = on_plugin_failed,
        .on_supervisor_gone = on_supervisor_gone,
        .on_attempt_log = on_attempt_log,
        .on_attempt_done = on_attempt_done,
    };
    auto_mem char *supervisor = NULL;
    auto_mem char *worker = NULL;
    struct sandbox_options options;

    if (!find_programs(&supervisor, &worker, e))
        return false;
    options = (struct sandbox_options){
        .supervisor_path = supervisor,
        .worker_path = worker,
        .spares_max = 2,
        .spares_min = 1,
    };
    return sandbox_start(&options, &events, lab, &lab->sandbox, e) || err_wrap(e, "sandbox");
}

static bool load_plugin(struct lab *lab, struct err *e)
{
    const struct plugin_image *image = lab->image;
    auto_fd fd = -1;
    struct sandbox_plugin plugin;

    if (!memfd_sealed("plugin", image->so.data, image->so.len, true, &fd, e))
        return false;
    lab->digest = sha256_hex(image->so.data, image->so.len);
    plugin = (struct sandbox_plugin){
        .digest = lab->digest.text,
        .so_fd = fd,
        .id = image->facts.id,
        .version = image->facts.version,
    };
    return sandbox_plugin_add(lab->sandbox, &plugin, e) && lab_wait(lab, e);
}

bool lab_open(const struct plugin_image *image, int64_t timeout_ms, struct lab **ret, struct err *e)
{
    auto_obj(lab) lab = mem_new(struct lab);

    if (timeout_ms > 0)
        lab->end_ns = clock_mono_ns() + timeout_ms * 1000000;
    lab->image = image;
    if (!start_sandbox(lab, e) || !load_plugin(lab, e))
        return false;
    lab->image = NULL;
    *ret = take(lab);
    return true;
}

static const struct lab_agent *find_agent(const struct lab *lab, const char *id)
{
    for (size_t i = 0; i < lab->agent_count; i++)
        if (strcmp(lab->agents[i].id, id) == 0)
            return &lab->agents[i];
    return NULL;
}

static int64_t deadline_of(const struct lab *lab)
{
    int64_t deadline = clock_mono_ns() + (int64_t)LAB_DEADLINE_S * 1000000000;

    return lab->end_ns != 0 && lab->end_ns < deadline ? lab->end_ns : deadline;
}

bool lab_run(struct lab *lab, const char *agent, const struct buf *input, const struct buf *config,
             struct lab_result *ret, struct err *e)
{
    const struct lab_agent *found = find_agent(lab, agent);
    struct attempt_spec spec;
    uint64_t id;
    bool ended;

    if (found == NULL)
        return err_set(e, ERR_NOT_FOUND, "the plugin has no agent '%s'", agent);
    if (is_over(lab))
        return over(e);
    spec = (struct attempt_spec){
        .digest = lab->digest.text,
        .agent_id = agent,
        .tenant = LAB_TENANT,
        .profile = found->profile,
        .deadline_ns = deadline_of(lab),
        .run_id = "lab",
        .node_id = "lab",
        .attempt = 1,
        .idempotency_key = "lab/lab",
        .logical_time_us = (uint64_t)clock_wall_us(),
        .config_json = buf_text(config),
        .config_bytes = config->len,
        .input_json = buf_text(input),
        .input_bytes = input->len,
    };
    if (!sandbox_attempt_start(lab->sandbox, &spec, &id, NULL, e))
        return false;
    lab->result = ret;
    ended = lab_wait(lab, e);
    lab->result = NULL;
    return ended && ((ret->outcome != OUTCOME_TIMEOUT || !is_over(lab)) || over(e));
}
