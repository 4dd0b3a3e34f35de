/* harness.c -- see harness.h. */
#include "harness.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/hash.h"
#include "base/json_thread.h"
#include "base/mem.h"

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { AWAIT_MS = 20 * 1000 };
/* SANDBOX.md 4: no turn of the loop holds the host up. Of one descriptor a turn takes 128 frames or
 * 16 packets, or eight times what a pipe holds; at an attempt's end what its socket (208 KiB, at
 * most 300 packets) or its pipe still holds besides. */
enum {
    TURN_CALLS_MAX = 16 + 300,
    TURN_BYTES_MAX = 16 * 32 * 1024 + 256 * 1024,
    TURN_DESCRIPTORS_MAX = 128 * 3, /* events a turn, and the other two of one that ended */
};

static struct answer *answer_of(struct world *w, uint64_t id)
{
    for (unsigned i = 0; i < w->count; i++)
        if (w->answers[i].id == id)
            return &w->answers[i];
    ck_abort_msg("an event for attempt %ju, which was never started", (uintmax_t)id);
    return NULL;
}

static void on_ready(void *arg, const struct sandbox_plugin_info *info)
{
    struct world *w = arg;

    w->plugin_ready = true;
    w->n_agents = info->n_agents;
}

static void on_failed(void *arg, const char *digest, const struct err *why)
{
    struct world *w = arg;

    ck_assert_str_eq(digest, w->digest);
    w->plugin_failed = true;
    w->plugin_error = *why;
}

static void on_quarantined(void *arg, const char *digest, const struct err *why)
{
    struct world *w = arg;

    ck_assert_uint_eq(strlen(digest), sizeof w->digest - 1);
    w->quarantined++;
    w->quarantine_error = *why;
}

static void on_authority(void *arg, int fd)
{
    ((struct world *)arg)->authority_fd = fd;
}

static void on_gone(void *arg)
{
    ((struct world *)arg)->gone = true;
}

static void on_log(void *arg, uint64_t id, enum attempt_stream stream, int32_t level,
                   const char *text, size_t len)
{
    (void)level;
    buf_add(&answer_of(arg, id)->streams[stream], text, len);
}

static void on_started(void *arg, uint64_t id, const struct attempt_start *start)
{
    (void)start;
    answer_of(arg, id)->started = true;
}

static void on_done(void *arg, uint64_t id, const struct attempt_result *r)
{
    struct world *w = arg;
    struct answer *a = answer_of(w, id);

    a->times++;
    w->pending--;
    a->outcome = r->outcome;
    a->status = r->status;
    a->signal = r->signal;
    a->exit_code = r->exit_code;
    a->isolation = r->isolation;
    a->plugins_words = r->plugins_words;
    a->layers = r->layers;
    a->layers_said = r->layers_said;
    a->level = r->level;
    a->wall_ns = r->wall_ns;
    a->cpu_ns = r->cpu_ns;
    a->log_dropped = r->log_dropped;
    a->stdout_dropped = r->stdout_dropped;
    a->stderr_dropped = r->stderr_dropped;
    snprintf(a->error_class, sizeof a->error_class, "%s", r->error_class);
    snprintf(a->message, sizeof a->message, "%s", r->error_message);
    if (r->output != NULL)
        buf_add(&a->output, r->output, r->output_bytes);
}

static const struct sandbox_events events = {
    .on_plugin_ready = on_ready,
    .on_plugin_failed = on_failed,
    .on_plugin_quarantined = on_quarantined,
    .on_authority = on_authority,
    .on_supervisor_gone = on_gone,
    .on_attempt_log = on_log,
    .on_attempt_started = on_started,
    .on_attempt_done = on_done,
};

/* ---- turning ---- */

void world_turn_once(struct world *w, int64_t until_ns)
{
    struct pollfd p = {.fd = sandbox_poll_fd(w->sb), .events = POLLIN};
    int64_t now = clock_mono_ns(), timer = sandbox_next_timer(w->sb);
    int64_t wake = timer < until_ns ? timer : until_ns;

    poll(&p, 1, wake <= now ? 0 : (int)((wake - now) / 1000000 + 1));
    taken_turn_begin();
    sandbox_turn(w->sb, clock_mono_ns());
    taken_turn_end(&w->taken);
}

void world_turn_for(struct world *w, int64_t ms)
{
    int64_t until = clock_mono_ns() + ms * 1000000;

    while (clock_mono_ns() < until)
        world_turn_once(w, until);
}

void attempt_await(struct world *w, const struct answer *a)
{
    int64_t until = clock_mono_ns() + AWAIT_MS * 1000000LL;

    while (a->times == 0 && clock_mono_ns() < until)
        world_turn_once(w, until);
    ck_assert_msg(a->times == 1, "no answer in %d ms", AWAIT_MS);
}

void world_await_all(struct world *w)
{
    int64_t until = clock_mono_ns() + AWAIT_MS * 1000000LL;

    while (w->pending > 0 && clock_mono_ns() < until)
        world_turn_once(w, until);
    ck_assert_msg(w->pending == 0, "%u attempts without an answer", w->pending);
}

/* ---- start, end ---- */

void world_start(struct world *w, const struct sandbox_options *options)
{
    struct err e = {0};

    memset(w, 0, sizeof *w);
    w->authority_fd = -1;
    if (options != NULL)
        w->options = *options;
    w->options.supervisor_path = ORCH_SUPERVISOR;
    w->options.worker_path = ORCH_WORKER;
    w->before = residue_take();
    /* Each start sweeps the groups that killed supervisors left. */
    w->before.groups = 0;
    w->before.charge_bytes = 0;
    ck_assert_msg(sandbox_start(&w->options, &events, w, &w->sb, &e), "%s", e.msg);
    residue_note_supervisors();
}

void world_start_hostile(struct world *w, const struct sandbox_options *options)
{
    world_start(w, options);
    world_add(w, HOSTILE_PLUGIN);
    ck_assert_msg(w->plugin_ready, "%s", w->plugin_error.msg);
}

void world_forget(struct world *w)
{
    for (unsigned i = 0; i < w->count; i++) {
        buf_done(&w->answers[i].output);
        for (int s = 0; s < 3; s++)
            buf_done(&w->answers[i].streams[s]);
    }
    memset(w->answers, 0, w->count * sizeof w->answers[0]);
    w->taken.texts_parsed = w->count = 0;
}

void world_stop(struct world *w)
{
    sandbox_free(w->sb);
    w->sb = NULL;
    world_forget(w);
}

/* Each output is read once, and only a short one inside of a turn. */
static void expect_bounded_turns(const struct world *w)
{
    const struct taken *t = &w->taken;

    ck_assert_uint_gt(t->bytes, 0); /* or nothing was counted */
    ck_assert_uint_le(t->calls, TURN_CALLS_MAX);
    ck_assert_uint_le(t->bytes, TURN_BYTES_MAX);
    ck_assert_uint_le(t->descriptors, TURN_DESCRIPTORS_MAX);
    ck_assert_uint_le(t->parsed_bytes, JSON_AT_ONCE_BYTES_MAX);
    ck_assert_uint_le(t->texts_parsed, w->count);
}

void world_done(struct world *w)
{
    struct request canary = {.agent = "canary", .input = "{\"n\":41}"};
    struct answer *a = attempt_run(w, &canary);

    expect_outcome(a, OUTCOME_OK);
    ck_assert_str_eq(buf_text(&a->output), "{\"n\":41}");
    for (unsigned i = 0; i < w->count; i++)
        ck_assert_uint_eq(w->answers[i].times, 1);
    expect_bounded_turns(w);
    world_stop(w);
    residue_expect_equal(&w->before, "a world");
}

/* ---- plugins ---- */

void file_bytes(const char *path, struct buf *b)
{
    struct err e;

    ck_assert_msg(file_read(path, 64 << 20, b, &e), "%s", e.msg);
}

void world_add_begin(struct world *w, const void *bytes, size_t len)
{
    struct sandbox_plugin plugin = {.digest = w->digest, .warm_granted = w->warm_granted};
    struct err e;

    w->plugin_ready = w->plugin_failed = false;
    memcpy(w->digest, sha256_hex(bytes, len).text, sizeof w->digest);
    ck_assert_msg(memfd_sealed("plugin", bytes, len, true, &plugin.so_fd, &e), "%s", e.msg);
    ck_assert_msg(sandbox_plugin_add(w->sb, &plugin, &e), "%s", e.msg);
    close(plugin.so_fd);
}

void world_add_bytes(struct world *w, const void *bytes, size_t len)
{
    int64_t until = clock_mono_ns() + AWAIT_MS * 1000000LL;

    world_add_begin(w, bytes, len);
    while (!w->plugin_ready && !w->plugin_failed && clock_mono_ns() < until)
        world_turn_once(w, until);
    ck_assert_msg(w->plugin_ready || w->plugin_failed, "no word about the plugin");
}

void world_add(struct world *w, const char *path)
{
    auto_done(buf) b = {0};

    file_bytes(path, &b);
    world_add_bytes(w, b.data, b.len);
}

/* ---- attempts ---- */

static void write_secret(int fd, const char *value)
{
    uint32_t name_bytes = 5, value_bytes = (uint32_t)strlen(value);
    auto_done(buf) b = {0};
    struct err e;

    buf_add(&b, &name_bytes, sizeof name_bytes);
    buf_adds(&b, "token");
    buf_add(&b, &value_bytes, sizeof value_bytes);
    buf_adds(&b, value);
    ck_assert(fd_write_all(fd, b.data, b.len, &e));
    close(fd);
}

struct answer *attempt_begin(struct world *w, const struct request *r)
{
    struct attempt_spec spec = {
        .digest = r->digest != NULL ? r->digest : w->digest,
        .agent_id = r->agent != NULL ? r->agent : "hostile",
        .tenant = r->tenant != NULL ? r->tenant : "acme",
        .profile = PROFILE_PURE,
        .isolation = r->isolation,
        .limits = r->limits,
        .deadline_ns = clock_mono_ns() + (r->deadline_ms != 0 ? r->deadline_ms : 10000) * 1000000,
        .run_id = "run-1",
        .node_id = "node-1",
        .attempt = r->attempt != 0 ? r->attempt : 1,
        .idempotency_key = "key-1",
        .config_json = r->config,
        .config_bytes = r->config != NULL ? strlen(r->config) : 0,
        .input_json = r->input,
        .input_bytes = r->input != NULL ? strlen(r->input) : 0,
        .has_secrets = r->secret != NULL,
    };
    struct answer *a = &w->answers[w->count];
    struct err e;
    int secret_fd = -1;

    ck_assert_uint_lt(w->count, ANSWERS_MAX);
    memset(spec.seed, r->seed, sizeof spec.seed);
    ck_assert_msg(sandbox_attempt_start(w->sb, &spec, &a->id, &secret_fd, &e), "%s", e.msg);
    a->deadline_ns = spec.deadline_ns;
    w->count++;
    w->pending++;
    if (r->secret != NULL)
        write_secret(secret_fd, r->secret);
    return a;
}

struct answer *attempt_run(struct world *w, const struct request *r)
{
    struct answer *a = attempt_begin(w, r);

    attempt_await(w, a);
    return a;
}

struct answer *hostile(struct world *w, const char *name)
{
    auto_mem char *config = mem_printf("{\"case\":\"%s\"}", name);
    struct request r = {.config = config};

    return attempt_run(w, &r);
}

/* ---- what is expected ---- */

const char *said(const struct answer *a)
{
    static char text[4096];
    auto_json json = json_loadb(a->output.data, a->output.len, 0, NULL);
    const char *value = json_string_value(json_object_get(json, "said"));

    snprintf(text, sizeof text, "%s", value != NULL ? value : "(nothing)");
    return text;
}

void expect_outcome(const struct answer *a, enum outcome outcome)
{
    ck_assert_msg(a->outcome == outcome, "%s, wanted %s: signal %d, exit %d, %s: %s, said %s",
                  outcome_name(a->outcome), outcome_name(outcome), a->signal, a->exit_code,
                  a->error_class, a->message, said(a));
}

void expect_policy_violation(const struct answer *a)
{
    expect_outcome(a, OUTCOME_POLICY_VIOLATION);
    ck_assert_int_eq(a->signal, SIGSYS);
    ck_assert(outcome_retry(a->outcome) == RETRY_NEVER);
}

void expect_call(const struct answer *a, const char *words)
{
    expect_policy_violation(a);
    ck_assert_msg(strstr(a->message, words) != NULL, "%s", a->message);
}

void expect_said(const struct answer *a, const char *text)
{
    expect_outcome(a, OUTCOME_OK);
    ck_assert_str_eq(said(a), text);
}

/* ---- the machine ---- */

/* Field 3 or 4 of /proc/PID/stat, which stand behind the name in brackets. */
static bool read_stat(int pid, char *ret_state, int *ret_parent)
{
    char path[64], line[512];
    const char *at;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    f = fopen(path, "re");
    if (f == NULL)
        return false;
    at = fgets(line, sizeof line, f) != NULL ? strrchr(line, ')') : NULL;
    fclose(f);
    return at != NULL && sscanf(at + 1, " %c %d", ret_state, ret_parent) == 2;
}

int process_parent(int pid)
{
    int parent = 0;
    char state;

    return read_stat(pid, &state, &parent) ? parent : 0;
}

bool process_is_zombie(int pid)
{
    int parent;
    char state = 'Z';

    read_stat(pid, &state, &parent);
    return state == 'Z';
}

bool process_is_below(int pid, int ancestor)
{
    for (int depth = 0; pid > 1 && depth < 16 && pid != ancestor; depth++)
        pid = process_parent(pid);
    return pid == ancestor;
}

bool process_is_named(int pid, const char *name)
{
    char path[64], line[64] = "";
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/comm", pid);
    f = fopen(path, "re");
    if (f != NULL && fgets(line, sizeof line, f) == NULL)
        line[0] = '\0';
    if (f != NULL)
        fclose(f);
    line[strcspn(line, "\n")] = '\0';
    return strncmp(line, name, strlen(name)) == 0;
}

unsigned descendants(void)
{
    DIR *dir = opendir("/proc");
    struct dirent *entry;
    unsigned count = 0;

    ck_assert_ptr_nonnull(dir);
    while ((entry = readdir(dir)) != NULL) {
        int pid = atoi(entry->d_name);

        count += pid > 0 && pid != getpid() && process_is_below(pid, getpid());
    }
    closedir(dir);
    return count;
}

unsigned open_files(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned count = 0;

    ck_assert_ptr_nonnull(dir);
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}
