/* task_steps.c -- see task_steps.h. */
#include "task_steps.h"

#include "base/json.h"
#include "engine/lanes/change.h"
#include "engine/lanes/tasks.h"
#include "lanes/members.h"

struct control *task_control(void)
{
    return engine_control(rig.engine);
}

void task_lane_put(const char *lane, const char *text)
{
    auto_json object = json_loads(text, 0, NULL);
    auto_done(lane_members) members = {0};
    struct rig_answer answer = {0};
    struct err e = {0};

    ck_assert_msg(lane_members_read(lane, object, &members, &e), "%s", e.msg);
    lane_change(task_control()->lanes, &rig_actor,
                &(struct api_lane_change){.lane = lane, .members = &members}, rig_answered,
                &answer);
    rig_settle(&rig);
    ck_assert_int_eq(answer.code, ERR_NONE);
}

/* Not settled. */
void task_give(const struct api_task *task, const char *payload, struct rig_answer *answer)
{
    auto_json object = json_loads(payload, 0, NULL);
    struct api_task what = *task;

    what.payload = object;
    if (what.priority == 0)
        what.priority = 5;
    tasks_enqueue(task_control()->tasks, &rig_actor, &what, rig_answered, answer);
}

struct rig_answer task_add(const char *lane, const char *id, const char *payload)
{
    struct rig_answer answer = {0};

    task_give(&(struct api_task){.lane = lane, .task_id = id}, payload, &answer);
    rig_settle(&rig);
    ck_assert_uint_eq(answer.told, 1);
    return answer;
}

struct rig_answer task_add_with(const char *id, int32_t priority)
{
    struct rig_answer answer = {0};

    task_give(&(struct api_task){.lane = "ml", .task_id = id, .priority = priority}, "{}", &answer);
    rig_settle(&rig);
    ck_assert_int_eq(answer.code, ERR_NONE);
    return answer;
}

void task_refused(const struct rig_answer *a, enum err_code code, const char *word)
{
    ck_assert_int_eq(a->code, code);
    ck_assert_str_eq(a->refusal, word);
}
