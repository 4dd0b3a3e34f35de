/* view_deadlines.c -- deadlines of a run, of its options as the engine keeps them
 * (engine/runs/deadlines.h), in both families' words. See view.h. */
#include "api/http/jsonw.h"
#include "api/routes/view.h"
#include "base/auto.h"
#include "base/json.h"

static void put_time(struct buf *b, const char *key, const json_t *mark, const char *member)
{
    jw_time(b, key, json_integer_value(json_object_get(mark, member)));
}

static void put_mark(struct buf *b, const char *key, const json_t *mark,
                     const struct deadline_words *words)
{
    jw_open(b, key, '{');
    put_time(b, "at", mark, "at");
    put_time(b, words->warn_at, mark, "warn");
    put_time(b, words->warned_at, mark, "warned");
    put_time(b, words->missed_at, mark, "missed");
    jw_close(b, '}');
}

void view_deadlines(struct buf *b, const char *options, const struct deadline_words *words)
{
    auto_json doc = options != NULL ? json_loads(options, 0, NULL) : NULL;
    const json_t *marks = json_object_get(doc, "deadlines"), *of_run = NULL;
    size_t i;
    json_t *mark;

    if (marks == NULL)
        return;
    jw_open(b, words->nodes, '{');
    json_array_foreach(marks, i, mark)
    {
        const char *node_id = json_string_value(json_object_get(mark, "node"));

        if (node_id != NULL)
            put_mark(b, node_id, mark, words);
        else
            of_run = mark;
    }
    jw_close(b, '}');
    if (of_run != NULL)
        put_mark(b, "deadline", of_run, words);
}

const struct deadline_words deadline_words_snake = {"node_deadlines", "warn_at", "warned_at",
                                                    "missed_at"};
const struct deadline_words deadline_words_camel = {"stepDeadlines", "warnAt", "warnedAt",
                                                    "missedAt"};
