/* letters.h -- what the handlers of dead letters share. */
#ifndef ORCH_API_ROUTES_LETTERS_H
#define ORCH_API_ROUTES_LETTERS_H

#include "api/request/reply.h"
#include "store/reader.h"

enum { LETTERS_AT_ONCE_MAX = 1000 };

/* Members of an open object. */
void letter_view(struct buf *b, const struct store_dead_letter *row);
/* 404, and *ret_code, for one that is not there. */
bool letter_read(struct store_reader *reader, const char *tenant, const char *id,
                 struct store_dead_letter_list *ret, const char **ret_code,
                 struct err *e) must_check;

/* Why letters are replayed or cleared: said in the body, whatever headers a client always sends. */
bool letter_reason(const json_t *body, const char **ret, struct err *e) must_check;

/* ---- made a task again ---- */

/* That of the replay: ahead of regular work, and not behind where the task was. */
int32_t letter_replay_priority(const struct store_dead_letter *row);
/* The task's, which its run has; the caller owns it. Adds its bytes. On a thread. */
bool letter_payload(struct store_reader *reader, const char *tenant, const char *id, json_t **ret,
                    size_t *bytes, struct err *e) must_check;

/* ---- many of them ---- */

/* Borrowed from the body; NULL and 0: any. */
struct letter_filter {
    const char *lane, *error_class, *fingerprint;
    int64_t from_us, to_us; /* of the last death, from inclusive, to exclusive */
    const json_t *task_ids;
};
/* The body's member "filter", which says one thing at least: nothing said is not all of them. */
bool letter_filter(const json_t *body, struct letter_filter *ret, struct err *e) must_check;

/* False: these are enough. */
typedef bool letter_fn(void *arg, const struct store_dead_letter *row);
/* Those that the filter takes, once each, from page to page: the youngest task's first, or in the
 * order of task_ids. STORE_DEAD_COUNTED_MAX are looked at. On a thread. */
bool letters_each(struct store_reader *reader, const char *tenant,
                  const struct letter_filter *filter, letter_fn *fn, void *arg,
                  struct err *e) must_check;

#endif
