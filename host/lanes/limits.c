/* limits.c -- see limits.h. */
#include "lanes/limits.h"

#include "base/json.h"
#include "base/text.h"

#include <math.h>

#define SECOND_NS 1e9

/* An object with no other members than these. */
static bool check_members(const json_t *said, const char *what, const char *const *known,
                          size_t count, struct err *e)
{
    const char *name;
    json_t *value;

    if (!json_is_object(said))
        return err_set(e, ERR_INVALID, "'%s' must be an object or null", what);
    json_object_foreach((json_t *)said, name, value)
    {
        if (!text_is_among(name, known, count))
            return err_set(e, ERR_INVALID, "'%s' of a lane has no member '%.64s'", what, name);
    }
    return true;
}

static bool get_number(const json_t *object, const char *name, double absent, double min,
                       double max, double *ret, struct err *e)
{
    const json_t *said = json_object_get(object, name);

    *ret = said != NULL ? json_number_value(said) : absent;
    return ((said == NULL || json_is_number(said)) && *ret >= min && *ret <= max) ||
           err_set(e, ERR_INVALID, "'%s' must be a number from %g to %g", name, min, max);
}

static bool read_rate(const json_t *said, struct lane_rate *ret, struct err *e)
{
    int64_t burst;

    if (!get_number(said, "per_second", 0, LANE_RATE_MIN, LANE_RATE_MAX, &ret->per_second, e) ||
        !json_get_int(said, "burst", (int64_t)ceil(ret->per_second), 1, LANE_BURST_MAX, &burst, e))
        return false;
    ret->burst = (uint32_t)burst;
    return true;
}

/* Of each tenant; the lane itself may have none beside it. */
static bool read_tenant(const json_t *said, struct lane_rate *ret, struct err *e)
{
    static const char *const known[] = {"per_second", "burst"};

    if (said == NULL || json_is_null(said))
        return true;
    return (check_members(said, "rate.tenant", known, ARRAY_LEN(known), e) &&
            read_rate(said, ret, e)) ||
           err_wrap(e, "rate.tenant");
}

bool lane_rate_read(const json_t *said, struct lane_rate *ret, struct lane_rate *ret_tenant,
                    struct err *e)
{
    static const char *const known[] = {"per_second", "burst", "tenant"};

    *ret = *ret_tenant = (struct lane_rate){0};
    if (json_is_null(said))
        return true;
    if (!check_members(said, "rate", known, ARRAY_LEN(known), e) ||
        !read_tenant(json_object_get(said, "tenant"), ret_tenant, e))
        return false;
    if (ret_tenant->per_second > 0 && json_object_get(said, "per_second") == NULL &&
        json_object_get(said, "burst") == NULL)
        return true;
    return read_rate(said, ret, e);
}

bool lane_breaker_read(const json_t *said, const struct lane_breaker_spec *usual,
                       struct lane_breaker_spec *ret, struct err *e)
{
    static const char *const known[] = {"failures", "open_s", "successes"};
    const struct lane_breaker_spec absent = LANE_BREAKER_USUAL;
    int64_t failures, successes;
    double open_s;

    *ret = *usual;
    if (json_is_null(said))
        return true;
    if (!check_members(said, "breaker", known, ARRAY_LEN(known), e) ||
        !json_get_int(said, "failures", absent.failures, 1, LANE_FAILURES_MAX, &failures, e) ||
        !json_get_int(said, "successes", absent.successes, 1, LANE_FAILURES_MAX, &successes, e) ||
        !get_number(said, "open_s", (double)absent.open_ns / SECOND_NS, 0.001, LANE_OPEN_S_MAX,
                    &open_s, e))
        return false;
    *ret = (struct lane_breaker_spec){.failures = (uint32_t)failures,
                                      .successes = (uint32_t)successes,
                                      .open_ns = (int64_t)(open_s * SECOND_NS)};
    return true;
}

bool lane_autoscale_read(const json_t *said, struct lane_autoscale *ret, struct err *e)
{
    static const char *const known[] = {"min", "max"};
    int64_t min, max;

    *ret = (struct lane_autoscale){0};
    if (json_is_null(said))
        return true;
    if (!check_members(said, "autoscale", known, ARRAY_LEN(known), e) ||
        !json_get_int(said, "min", 0, 1, LANE_SLOTS_MAX, &min, e) ||
        !json_get_int(said, "max", 0, 1, LANE_SLOTS_MAX, &max, e))
        return false;
    if (min == 0 || max == 0 || min > max)
        return err_set(e, ERR_INVALID,
                       "'autoscale' wants both 'min' and 'max', and no 'min' above 'max'");
    *ret = (struct lane_autoscale){(uint32_t)min, (uint32_t)max};
    return true;
}

static json_t *one_owned(const struct lane_rate *rate)
{
    if (rate->per_second == 0)
        return json_object();
    return json_pack("{s:f, s:I}", "per_second", rate->per_second, "burst",
                     (json_int_t)rate->burst);
}

json_t *lane_rate_owned(const struct lane_rate *rate, const struct lane_rate *tenant)
{
    json_t *object;

    if (rate->per_second == 0 && tenant->per_second == 0)
        return json_null();
    object = one_owned(rate);
    if (tenant->per_second > 0)
        json_object_set_new(object, "tenant", one_owned(tenant));
    return object;
}

json_t *lane_breaker_owned(const struct lane_breaker_spec *spec)
{
    if (spec->failures == 0)
        return json_null();
    return json_pack("{s:I, s:f, s:I}", "failures", (json_int_t)spec->failures, "open_s",
                     (double)spec->open_ns / SECOND_NS, "successes", (json_int_t)spec->successes);
}

json_t *lane_autoscale_owned(const struct lane_autoscale *autoscale)
{
    if (autoscale->max == 0)
        return json_null();
    return json_pack("{s:I, s:I}", "min", (json_int_t)autoscale->min, "max",
                     (json_int_t)autoscale->max);
}
