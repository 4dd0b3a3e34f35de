/* publishing.h -- one definition on its way into the store. Inside catalog only.
 *
 * Whose it is: the loop makes it, gives it to the thread (prepare.c), and takes it back when it is
 * prepared (publish.c); no field is looked at by the side that does not have it. Of the JSON that
 * was given nobody else has a reference; it is freed on the thread, as is the model made of it:
 * what the loop takes back is a batch and a few texts. */
#ifndef ORCH_ENGINE_CATALOG_PUBLISHING_H
#define ORCH_ENGINE_CATALOG_PUBLISHING_H

#include "api/api.h"
#include "engine/catalog/settle.h"
#include "engine/env/audit.h"
#include "model/dag/finding.h"
#include "store/store.h"

#include <sys/queue.h>

struct definitions;

enum given_form {
    GIVEN_OBJECT, /* a definition */
    GIVEN_TEXT,   /* a string of one */
    GIVEN_PATCH,  /* members over the newest version of dag_id */
};

/* What the loop asks; the thread lets go of given and signature. */
struct given {
    enum given_form form;
    json_t *json;
    json_t *signature; /* NULL: none */
    bool new_id;       /* its id must not exist yet */
    bool of_lane;      /* it may have an id that is kept for lanes */
    enum version_rule rule;
    int64_t now_us;
};

/* What the thread makes of it; of a refusal only the first four. */
struct prepared {
    bool ok;
    struct err why;
    json_t *findings; /* the definition's; NULL: it was refused for another reason */
    unsigned finding_counts[FINDING_TYPE_COUNT];
    char *dag_id, *version, *signature;
    struct sha256_hex hash;
    bool created;
    json_t *warnings;
    struct store_batch *batch; /* the definition's row */
};

struct publishing {
    struct definitions *owner;
    const struct engine_env *env;
    struct actor *by;
    char *dag_id; /* of a patch */
    struct given given;
    struct prepared made;
    api_done_fn done;
    void *done_arg;
    STAILQ_ENTRY(publishing) link;
};

/* On the thread: fills made. Pure but for the reader and env's ceilings. */
void publishing_prepare(struct publishing *p, struct store_reader *reader);

#endif
