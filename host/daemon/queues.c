/* queues.c -- see queues.h. */
#include "daemon/queues.h"

#include "base/buf.h"
#include "base/fd.h"
#include "base/limits.h"
#include "base/mem.h"
#include "daemon/host.h"
#include "engine/control/control.h"
#include "engine/control/shed.h"
#include "engine/engine.h"
#include "engine/lanes/change.h"
#include "engine/lanes/clear.h"
#include "engine/lanes/kept.h"
#include "engine/lanes/preempt.h"
#include "engine/lanes/quotas.h"
#include "engine/lanes/tasks.h"
#include "lanes/file.h"
#include "store/hosts.h"

bool queues_read(struct host *host, struct err *e)
{
    const char *path = config_text(host->config, CONFIG_FILE);
    auto_done(buf) text = {0};

    if (*path == '\0' || (file_read(path, DEFINITION_BYTES_MAX, &text, e) &&
                          lane_file_read(buf_text(&text), text.len, &host->lanes, e)))
        return true;
    return err_wrap(e, "config '%s'", path);
}

struct load queues_marks(const struct config *config, int64_t machine_bytes)
{
    int64_t memory = config_int(config, CONFIG_SHED_MEMORY_MIB) << 20;

    return (struct load){{[LOAD_STORE] = config_int(config, CONFIG_SHED_STORE_BATCHES),
                          [LOAD_MEMORY] = memory > 0 ? memory : machine_bytes / 4 * 3,
                          [LOAD_DEPTH] = config_int(config, CONFIG_SHED_DEPTH)}};
}

static json_t *lanes_owned(void *arg)
{
    return engine_lanes_owned(((const struct host *)arg)->engine);
}

static struct lane_routing lane_routing(void *arg)
{
    return kept_lanes_routing(engine_control(((const struct host *)arg)->engine)->lanes);
}

static json_t *workers_owned(void *arg)
{
    return engine_workers_owned(((const struct host *)arg)->engine);
}

static uint32_t workers_active(void *arg)
{
    return engine_workers_active(((const struct host *)arg)->engine);
}

static void switch_shed(void *arg, const struct api_actor *who, bool on, api_done_fn done,
                        void *done_arg)
{
    shed_switch(engine_control(((const struct host *)arg)->engine)->shed, who, on, done, done_arg);
}

static struct api_shed now_shed(void *arg)
{
    return shed_now(engine_control(((const struct host *)arg)->engine)->shed);
}

json_t *queues_admission_owned(const struct host *host)
{
    const struct api_shed shed = shed_now(engine_control(host->engine)->shed);
    auto_mem char *text = NULL;

    if (shed.on)
        text = mem_printf("refuses new runs and tasks: %s", shed.reason);
    return json_pack("{s:s, s:s}", "status", shed.on ? "fail" : "pass", "detail",
                     shed.on ? text : "open");
}

static void change_lane(void *arg, const struct api_actor *who, const struct api_lane_change *what,
                        api_done_fn done, void *done_arg)
{
    lane_change(engine_control(((const struct host *)arg)->engine)->lanes, who, what, done,
                done_arg);
}

static void change_quota(void *arg, const struct api_actor *who,
                         const struct api_quota_change *what, api_done_fn done, void *done_arg)
{
    quotas_change(engine_control(((const struct host *)arg)->engine)->quotas, who, what, done,
                  done_arg);
}

static json_t *quotas_of(void *arg, const char *tenant)
{
    return quotas_owned(engine_control(((const struct host *)arg)->engine)->quotas, tenant);
}

static uint32_t tasks_running(void *arg, const char *tenant, const char *lane)
{
    return quotas_tasks(engine_control(((const struct host *)arg)->engine)->quotas, tenant, lane);
}

static void preempt_in_lane(void *arg, const struct api_actor *who, const char *lane,
                            api_done_fn done, void *done_arg)
{
    preempt_by_hand(engine_control(((const struct host *)arg)->engine), who, lane, done, done_arg);
}

static void enqueue_task(void *arg, const struct api_actor *who, const struct api_task *what,
                         api_done_fn done, void *done_arg)
{
    tasks_enqueue(engine_control(((const struct host *)arg)->engine)->tasks, who, what, done,
                  done_arg);
}

static void prioritize_task(void *arg, const struct api_actor *who,
                            const struct api_task_priority *what, api_done_fn done, void *done_arg)
{
    control_prioritize(engine_control(((const struct host *)arg)->engine), who, what, done,
                       done_arg);
}

static void clear_letters(void *arg, const struct api_actor *who,
                          const struct api_letters_clear *what, api_done_fn done, void *done_arg)
{
    letters_clear(engine_control(((const struct host *)arg)->engine)->env, who, what, done,
                  done_arg);
}

static void task_now(void *arg, const struct api_task_of *of, struct api_task_now *ret)
{
    engine_task_now(((const struct host *)arg)->engine, of, ret);
}

static json_t *run_why_owned(void *arg, const char *tenant, const char *run_id, uint32_t max)
{
    return engine_run_why_owned(((const struct host *)arg)->engine, tenant, run_id, max);
}

static const char *host_id(void *arg)
{
    return store_host_id(((const struct host *)arg)->store);
}

static void gauges(void *arg)
{
    engine_gauges(((const struct host *)arg)->engine);
}

void queues_serve(struct api_engine *engine)
{
    engine->lanes_owned = lanes_owned;
    engine->lane_routing = lane_routing;
    engine->workers_owned = workers_owned;
    engine->workers_active = workers_active;
    engine->shed_switch = switch_shed;
    engine->shed_now = now_shed;
    engine->lane_change = change_lane;
    engine->quota_change = change_quota;
    engine->quotas_owned = quotas_of;
    engine->tasks_running = tasks_running;
    engine->lane_preempt = preempt_in_lane;
    engine->task_enqueue = enqueue_task;
    engine->task_prioritize = prioritize_task;
    engine->letters_clear = clear_letters;
    engine->task_now = task_now;
    engine->run_why_owned = run_why_owned;
    engine->host_id = host_id;
    engine->gauges = gauges;
}
