/* tasks_read.c -- what a client says of a task (LANES_KIT.md 3). */
#include "api/routes/runs.h"
#include "api/routes/tasks.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/names.h"
#include "base/uuid.h"
#include "lanes/lanes.h"

#include <string.h>

#define TASK_TIMEOUT_S_MAX 86400.0

/* Nothing of a task has a meaning when it is null. */
static bool check_nulls(const json_t *body, struct err *e)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)body, name, value)
    {
        if (json_is_null(value))
            return err_set(e, ERR_INVALID, "'%s' is null", name);
    }
    return true;
}

/* The type is another word for the lane. */
static bool read_lane(const json_t *body, struct api_task *ret, struct err *e)
{
    const char *type;

    if (!json_get_str(body, "lane", NULL, &ret->lane, e) ||
        !json_get_str(body, "type", ret->lane, &type, e))
        return false;
    if (ret->lane == NULL)
        ret->lane = type;
    if (ret->lane == NULL)
        return err_set(e, ERR_INVALID, "a task has a 'lane', or a 'type', which is the same");
    return strcmp(ret->lane, type) == 0 ||
           err_set(e, ERR_INVALID, "'lane' and 'type' are not the same");
}

static bool read_timeout(const json_t *body, double *ret, struct err *e)
{
    const json_t *said = json_object_get(body, "timeout_s");

    *ret = json_number_value(said);
    return said == NULL || (json_is_number(said) && *ret >= 0.001 && *ret <= TASK_TIMEOUT_S_MAX) ||
           err_set(e, ERR_INVALID, "'timeout_s' must be a number from 0.001 to %.0f",
                   TASK_TIMEOUT_S_MAX);
}

/* Its members are checked where its definition is made. */
static bool check_retry(const json_t *retry, struct err *e)
{
    return retry == NULL || json_is_object(retry) ||
           err_set(e, ERR_INVALID, "'retry' must be an object, not %s", json_type_name(retry));
}

bool task_read(const json_t *body, struct api_task *ret, struct err *e)
{
    int64_t priority;

    ret->payload = json_object_get(body, "payload");
    ret->retry = json_object_get(body, "retry");
    if (!check_nulls(body, e) || !read_lane(body, ret, e) ||
        !json_get_int(body, "priority", LANE_PRIORITY_DEFAULT, 1, LANE_PRIORITY_MAX, &priority,
                      e) ||
        !json_get_str(body, "task_id", NULL, &ret->task_id, e) ||
        (ret->task_id != NULL && !name_check_task(ret->task_id, e)) ||
        !read_timeout(body, &ret->timeout_s, e) || !check_retry(ret->retry, e))
        return false;
    ret->priority = (int32_t)priority;
    return json_is_object(ret->payload) ||
           err_set(e, ERR_INVALID, "'payload' must be an object, not %s",
                   json_type_name(ret->payload));
}

/* The Idempotency-Key stands in for an id that was not given, as for a run's token. */
void task_name(const struct api_request *req, uint32_t index, struct api_task *what,
               char made[TASK_ID_MADE_BYTES])
{
    struct api_run_start by_key = {0};
    char token[RUN_TOKEN_BYTES];

    if (what->task_id != NULL)
        return;
    run_start_token(req, &by_key, token);
    if (by_key.run_token == NULL)
        uuid7(clock_wall_us(), made);
    else if (index == 0)
        snprintf(made, TASK_ID_MADE_BYTES, "%s", token);
    else
        snprintf(made, TASK_ID_MADE_BYTES, "%s.%u", token, index);
    what->task_id = made;
}
