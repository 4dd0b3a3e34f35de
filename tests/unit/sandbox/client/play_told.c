/* play_told.c -- what the client tells, as lines of text. See play.h. */
#include "play.h"

#include <unistd.h>

static void on_plugin_ready(void *arg, const struct sandbox_plugin_info *info)
{
    buf_addf(&((struct play *)arg)->told, "ready %s %s agents %u\n", info->id, info->version,
             info->n_agents);
}

static void on_plugin_failed(void *arg, const char *digest, const struct err *why)
{
    (void)digest;
    buf_addf(&((struct play *)arg)->told, "refused %s\n", why->msg);
}

static void on_plugin_quarantined(void *arg, const char *digest, const struct err *why)
{
    (void)digest;
    buf_addf(&((struct play *)arg)->told, "quarantined %s\n", why->msg);
}

static void on_authority(void *arg, int fd)
{
    struct play *s = arg;

    if (s->authority_fd >= 0)
        close(s->authority_fd);
    s->authority_fd = fd;
    buf_adds(&s->told, "authority\n");
}

static void on_gone(void *arg)
{
    buf_adds(&((struct play *)arg)->told, "gone\n");
}

static void on_log(void *arg, uint64_t id, enum attempt_stream stream, int32_t level,
                   const char *text, size_t len)
{
    static const char *const names[] = {"log", "stdout", "stderr"};

    (void)id;
    while (len > 0 && text[len - 1] == '\n')
        len--;
    buf_addf(&((struct play *)arg)->told, "%s %d %.*s\n", names[stream], (int)level, (int)len,
             text);
}

static void on_progress(void *arg, uint64_t id, uint64_t done, uint64_t total, const char *note,
                        size_t len)
{
    (void)id;
    buf_addf(&((struct play *)arg)->told, "progress %ju of %ju %.*s\n", (uintmax_t)done,
             (uintmax_t)total, (int)len, note);
}

static void on_heartbeat(void *arg, uint64_t id)
{
    (void)id;
    buf_adds(&((struct play *)arg)->told, "heartbeat\n");
}

static void on_started(void *arg, uint64_t id, const struct attempt_start *start)
{
    struct play *s = arg;

    (void)id;
    s->layers = start->layers;
    s->layers_said = start->layers_said;
    buf_addf(&s->told, "started level %d %s\n", start->level, isolation_name(start->isolation));
}

static void on_done(void *arg, uint64_t id, const struct attempt_result *r)
{
    struct play *s = arg;

    (void)id;
    ck_assert_int_ge(r->wall_ns, 0);
    buf_addf(&s->told, "done %s", outcome_name(r->outcome));
    if (r->error_class[0] != '\0')
        buf_addf(&s->told, " %s: %s", r->error_class, r->error_message);
    if (r->output != NULL)
        buf_addf(&s->told, " %.*s", (int)r->output_bytes, r->output);
    if (r->log_dropped + r->stdout_dropped + r->stderr_dropped > 0)
        buf_addf(&s->told, " dropped %ju %ju %ju", (uintmax_t)r->log_dropped,
                 (uintmax_t)r->stdout_dropped, (uintmax_t)r->stderr_dropped);
    if (r->memory_peak > 0)
        buf_addf(&s->told, " peak %ju", (uintmax_t)r->memory_peak);
    buf_adds(&s->told, "\n");
    if (s->on_done != NULL)
        s->on_done(s->on_done_arg);
}

const struct sandbox_events play_events = {
    .on_plugin_ready = on_plugin_ready,
    .on_plugin_failed = on_plugin_failed,
    .on_plugin_quarantined = on_plugin_quarantined,
    .on_authority = on_authority,
    .on_supervisor_gone = on_gone,
    .on_attempt_log = on_log,
    .on_attempt_progress = on_progress,
    .on_attempt_heartbeat = on_heartbeat,
    .on_attempt_started = on_started,
    .on_attempt_done = on_done,
};
