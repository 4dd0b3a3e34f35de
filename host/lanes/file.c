/* file.c -- see file.h. */
#include "lanes/file.h"

#include "base/json.h"
#include "lanes/members.h"
#include "lanes/work.h"
#include "model/dag/source/parse.h"

#include <string.h>

static bool check_lane(const char *name, const json_t *object, struct err *e)
{
    auto_done(lane_members) members = {0};

    if (!lane_name_read(name, e))
        return false;
    if (lane_members_read(name, object, &members, e) &&
        (members.work == NULL || lane_work_check(name, members.work, e)))
        return true;
    return err_wrap(e, "lane '%s'", name);
}

static bool check_members(const json_t *root, struct err *e)
{
    const char *name;
    json_t *value;

    if (!json_is_object(root))
        return err_set(e, ERR_INVALID, "it must be an object");
    json_object_foreach((json_t *)root, name, value)
    {
        if (strcmp(name, "lanes") != 0)
            return err_set(e, ERR_INVALID, "it has no member '%.64s'; lanes is one", name);
        if (!json_is_object(value))
            return err_set(e, ERR_INVALID, "'lanes' must be an object");
    }
    return true;
}

bool lane_file_read(const char *text, size_t len, json_t **ret, struct err *e)
{
    auto_json root = NULL;
    const char *name;
    json_t *lanes, *lane;

    if (!dag_text_read(text, len, &root, e) || !check_members(root, e))
        return false;
    lanes = json_object_get(root, "lanes");
    json_object_foreach(lanes, name, lane)
    {
        if (!check_lane(name, lane, e))
            return false;
    }
    *ret = lanes != NULL ? json_incref(lanes) : json_object();
    return true;
}
