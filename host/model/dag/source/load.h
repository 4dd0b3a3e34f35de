/* load.h -- tables of fields: how a JSON object becomes one of our structs. Private to
 * this folder.
 *
 * Each object of the definition has one table; the engine in load_field.c walks the object, so an
 * unknown field, a wrong type and a value out of bounds are worded in one place. null always means
 * "not given". A wrong value leaves the default and makes a finding. */
#ifndef ORCH_MODEL_DAG_SOURCE_LOAD_H
#define ORCH_MODEL_DAG_SOURCE_LOAD_H

#include "model/dag/dag.h"
#include "model/dag/source/source.h"

struct loader {
    const struct source *source;
    struct dag *dag;
    struct dag_findings *findings;
    const char *node_id;     /* whose fields these are; NULL: the definition's own */
    const char *within;      /* the object inside it, as "retry_policy"; NULL: none */
    enum finding_type wrong; /* the type of a wrong value's finding */
};

enum field_kind {
    FIELD_IGNORED, /* known, and without a meaning here */
    FIELD_TEXT,    /* const char *, at most max characters */
    FIELD_ID,      /* the same without control characters; max in bytes */
    FIELD_BOOL,    /* bool */
    FIELD_UINT32,
    FIELD_INT32,
    FIELD_INT64,
    FIELD_NUMBER, /* double */
    FIELD_WORD,   /* enum, an index into words */
    FIELD_OBJECT, /* json_t *, borrowed */
    FIELD_ANY,    /* json_t *, borrowed */
    FIELD_CUSTOM, /* load(), which gets the member's own value */
};

struct field {
    const char *name;
    enum field_kind kind;
    size_t offset;
    double min;
    double max;
    const char *const *words;
    void (*load)(struct loader *l, void *target, const char *key, json_t *value);
    const char *form;   /* of a FIELD_CUSTOM and for people: "a list of node ids" */
    const char *schema; /* of a FIELD_CUSTOM: JSON Schema of a value that is not null */
    const char *absent; /* JSON of what counts when it is not given; NULL: nothing does */
    const char *help;
};

/* Each ends with a NULL name. docs/DEFINITIONS.md and the schema are made from them. */
extern const struct field dag_fields[], node_fields[], limit_fields[], compensation_fields[];
extern const struct field retry_fields[], timeout_fields[], deadline_fields[];
extern const struct field concurrency_fields[], debounce_fields[];

/* What a value must be, in words: "an integer from 0 to 100". */
void field_add_form(struct buf *b, const struct field *f);

/* fields ends with a NULL name. object's keys must outlive target. */
void load_fields(struct loader *l, const struct field *fields, json_t *object, void *target);

/* A finding about a member: "Node 'A': retry_policy.strategy must be ..., not ...". key may be
 * NULL for one about the whole object. */
void load_wrong(struct loader *l, const char *key, const json_t *value, const char *wanted);
/* 1 to bytes_max bytes, no control characters. */
bool load_id_ok(const char *text, size_t bytes_max);

/* Loads a list of texts: every other item makes a finding, and false. */
bool load_texts(struct loader *l, const char *key, json_t *value);

/* load_policy.c; an empty object gives NULL (inherit). The caller owns what they allocate. */
void load_retry_policy(struct loader *l, const char *key, json_t *value,
                       struct retry_policy *target);
void load_timeout_policy(struct loader *l, const char *key, json_t *value,
                         struct timeout_policy *target);
void load_retry_policy_ptr(struct loader *l, void *target, const char *key, json_t *value);
void load_timeout_policy_ptr(struct loader *l, void *target, const char *key, json_t *value);

/* load_deadline.c: into a struct, and into one that the caller owns. */
void load_deadline(struct loader *l, void *target, const char *key, json_t *value);
void load_deadline_ptr(struct loader *l, void *target, const char *key, json_t *value);

/* load_gate.c */
void load_concurrency(struct loader *l, void *target, const char *key, json_t *value);
void load_debounce(struct loader *l, void *target, const char *key, json_t *value);

/* load_node.c */
void load_node(struct loader *l, struct dag_node *node, json_t *value);

/* load_steps.c: the names that StellaOps' shape has for ours; each list ends with NULLs. */
struct alias {
    const char *given;
    const char *native;
};
extern const struct alias dag_aliases[], step_aliases[];

/* StellaOps' steps[] + edges[] as a native definition with the same places. The
 * result is a new object; *source is changed to carry the places of its keys. */
json_t *load_steps_owned(struct source *source, struct dag_findings *findings) must_check;

#endif
