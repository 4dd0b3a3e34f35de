/* due_words.h -- a rule from the words of a request, a flag or a row, and its times as JSON. */
#ifndef ORCH_MODEL_SCHEDULE_DUE_WORDS_H
#define ORCH_MODEL_SCHEDULE_DUE_WORDS_H

#include "base/auto.h"
#include "base/json.h"
#include "model/schedule/due.h"

/* NULL: not given. Exactly one of cron, every and at is. */
struct due_words {
    const char *cron, *every, *at;
    const char *timezone; /* NULL: "UTC" */
    const char *dst;      /* NULL: "shift" */
    const char *anchor;   /* RFC 3339; NULL: the time that due_words_read is told */
};

struct due_read {
    struct due_rule rule;
    struct zone *zone; /* the rule's */
};

/* *ret_code is "CRON_INVALID", "TIMEZONE_INVALID" or NULL with a refusal. Reads the zone's file. */
bool due_words_read(const struct due_words *words, int64_t now_us, struct due_read *ret,
                    const char **ret_code, struct err *e) must_check;
void due_read_done(struct due_read *read);
DEFINE_AUTO_DONE(due_read)

/* A rule that was kept as its kind ("cron", "every", "at") and its text; as due_words_read. */
bool due_kept_read(const char *kind, const char *rule, const char *timezone, const char *dst,
                   int64_t anchor_us, struct due_read *ret, struct err *e) must_check;
/* How the run token of a due time begins, and no other. */
#define DUE_TOKEN "schedule:"
/* When a due time is acted on: up to jitter_s later, by the name of who waits for it, always the
 * same. */
int64_t due_jitter_us(const char *name, int64_t due_us, int64_t jitter_s);

enum { DUE_COUNT_MAX = 1000 };
/* [{"dueUtc", "local", "note"}], at most count of them, each later than after_us. The caller's. */
json_t *due_list_owned(const struct due_rule *rule, int64_t after_us, int64_t count);

#endif
