/* view_why.h -- why a run does not go on: the one list of reasons behind /runs/{runId}/why, and
 * behind waitingFor of /runs/{runId}. What decides is asked on the loop (why_ask_owned); what other
 * hosts have stands in the store and is read beside it (why_run_read). */
#ifndef ORCH_API_ROUTES_VIEW_WHY_H
#define ORCH_API_ROUTES_VIEW_WHY_H

#include "api/request/reply.h"
#include "api/routes/view.h"
#include "base/auto.h"
#include "base/buf.h"
#include "store/reader.h"

#define WHY_OTHER_HOST "other_host"

enum why_where {
    WHY_ELSEWHERE, /* another host has it */
    WHY_HERE,      /* this one has it, or is about to */
};

/* What this host knew when it was asked. */
struct why_asked {
    json_t *here;  /* of api_engine.run_why_owned; NULL: the run is not here */
    char *host_id; /* this host's */
};
struct why_asked *why_ask_owned(const struct api_request *req, const char *run_id,
                                uint32_t max) must_check;
void why_asked_free(void *arg); /* accepts NULL */

/* {reason, detail, ahead: 0, step?} */
void why_add(json_t *reasons, const char *reason, const char *detail, const char *step);

/* A run that was read with its bodies, and why it does not go on. */
struct why_run {
    struct store_run_list rows; /* the run alone */
    struct store_host_list hosts;
    json_t *
        why; /* {status, reasons, more} as run_why_owned has it; one that ended waits for nothing */
};
/* asked: of the same run. What was read is released by why_run_done, also
 * after a failure. */
bool why_run_read(const struct view_source *from, const char *run_id, const struct why_asked *asked,
                  struct why_run *ret, const char **ret_code, struct err *e) must_check;
void why_run_done(struct why_run *run);
DEFINE_AUTO_DONE(why_run)
/* What the run itself waits for, not a step for another of its steps; NULL: nothing is known. */
const char *why_text(const json_t *why);

/* The member `key` {step, class, source, message, attempts, at}: of a run that failed its step that
 * failed first, or what ended the run as a whole (step null); null of any other. */
bool view_root_cause(struct buf *b, const char *key, struct store_reader *reader,
                     const struct store_run *run, struct err *e) must_check;

#endif
