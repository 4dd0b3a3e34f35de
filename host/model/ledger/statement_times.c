/* statement_times.c -- see statement_check.h. */
#include "model/ledger/statement_check.h"

#include "base/clock.h"

#include <string.h>

/* A record's duration is that of its times. What hosts wrote before they counted it so. */
#define V1_SLACK_MS 1.0

static bool time_of(const json_t *object, const char *key, const char *whose, int64_t *ret,
                    struct err *e)
{
    char again[CLOCK_TEXT_BYTES];

    if (clock_parse(json_text_of(object, key), ret)) {
        clock_text(*ret, again);
        if (strcmp(again, json_text_of(object, key)) == 0)
            return true;
    }
    return err_set(e, ERR_CORRUPT, "%s: %s is '%s', which is no time", whose, key,
                   json_text_of(object, key));
}

struct span {
    int64_t started, ended;
};

/* Between start and end of the run. A node that a restart kept began before its run: the statement
 * names the run that it is from. v1 did not, so that there only the ends are compared. */
static bool within(const struct statement_parts *p, const char *id, struct span node,
                   struct span run, struct err *e)
{
    bool restart = p->v1 || json_object_get(p->orch, "restartOf") != NULL;

    if (node.ended < node.started)
        return err_set(e, ERR_CORRUPT, "node '%s': it was completed before it was started", id);
    if (node.ended > run.ended)
        return err_set(e, ERR_CORRUPT, "node '%s': it was completed after the run's end", id);
    if (node.started < run.started && !restart)
        return err_set(e, ERR_CORRUPT, "node '%s': it was started before the run", id);
    return true;
}

static bool record_times(const struct statement_parts *p, const json_t *record, struct span run,
                         struct err *e)
{
    const char *id = json_text_of(record, "node_id");
    double ms = json_number_value(json_object_get(record, "duration_ms")), said;
    double slack = p->v1 ? V1_SLACK_MS : 0;
    struct span node;

    if (!time_of(record, "started_at", id, &node.started, e) ||
        !time_of(record, "completed_at", id, &node.ended, e) || !within(p, id, node, run, e))
        return false;
    said = (double)(node.ended - node.started) / 1000.0;
    if (ms - said > slack || said - ms > slack)
        return err_set(e, ERR_CORRUPT,
                       "node '%s': its duration is %g ms, its times are %g ms apart", id, ms, said);
    return true;
}

bool statement_times_verify(const struct statement_parts *p, struct err *e)
{
    struct span run;

    if (!time_of(p->metadata, "startedOn", "the run", &run.started, e) ||
        !time_of(p->metadata, "finishedOn", "the run", &run.ended, e))
        return false;
    if (run.ended < run.started)
        return err_set(e, ERR_CORRUPT, "the run ended before it was started");
    for (size_t i = 0; i < json_array_size(p->records); i++) {
        if (!record_times(p, json_array_get(p->records, i), run, e))
            return false;
    }
    return true;
}
