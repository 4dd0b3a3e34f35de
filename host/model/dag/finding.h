/* finding.h -- what is wrong with a definition: an append-only list in the contract's order.
 *
 * Order (DESIGN 4): the five types of greenlang 2 as it describes them, then ours by type and
 * node id. The list holds at most FINDINGS_BYTES_MAX of text, so that hostile definitions stay
 * cheap; a last `too_large` finding counts what was left out. */
#ifndef ORCH_MODEL_DAG_FINDING_H
#define ORCH_MODEL_DAG_FINDING_H

#include "base/auto.h"
#include "base/buf.h"
#include "base/json.h"

#include <stdbool.h>
#include <stddef.h>

#define FINDINGS_BYTES_MAX (4u * 1024 * 1024)

/*     type           error_type       */
#define FINDING_MAP(XX)                                                                            \
    XX(SELF_DEP, "self_dep")                                                                       \
    XX(DUPLICATE, "duplicate")                                                                     \
    XX(MISSING, "missing")                                                                         \
    XX(CYCLE, "cycle")                                                                             \
    XX(UNREACHABLE, "unreachable")                                                                 \
    XX(BAD_SYNTAX, "bad_syntax")                                                                   \
    XX(UNKNOWN_FIELD, "unknown_field")                                                             \
    XX(BAD_FIELD, "bad_field")                                                                     \
    XX(BAD_POLICY, "bad_policy")                                                                   \
    XX(BAD_CONDITION, "bad_condition")                                                             \
    XX(BAD_MAPPING, "bad_mapping")                                                                 \
    XX(TOO_LARGE, "too_large")                                                                     \
    XX(EMPTY_DAG, "empty_dag")

enum finding_type {
    FINDING_INVALID,
#define XX(type, text) FINDING_##type,
    FINDING_MAP(XX)
#undef XX
        FINDING_TYPE_COUNT,
};

struct dag_finding {
    enum finding_type type;
    char *message;
    char **nodes; /* ids; none for a finding about the whole definition */
    size_t node_count;
    struct json_place place; /* zeros when the source had no places */
    size_t sequence;         /* order of discovery */
};

struct dag_findings {
    struct dag_finding *items;
    size_t count;
    size_t left_out; /* beyond FINDINGS_BYTES_MAX */
    size_t cap;
    size_t bytes;
};

void dag_findings_done(struct dag_findings *findings);
DEFINE_AUTO_DONE(dag_findings)

/* Copies everything. nodes may be NULL when node_count is 0. */
void finding_add(struct dag_findings *findings, enum finding_type type, struct json_place place,
                 const char *const *nodes, size_t node_count, const char *fmt, ...)
    printf_like(6, 7);
/* True when another finding would only be counted: its text need not be built. Counts it. */
bool finding_overflows(struct dag_findings *findings);
/* Puts the list into its order and appends the count of what was left out. */
void findings_finish(struct dag_findings *findings);

const char *finding_type_text(enum finding_type type);
/* Appends the messages joined by "; " (greenlang 2: after "DAG validation failed: "). */
void findings_text(const struct dag_findings *findings, struct buf *b);
/* [{error_type, message, nodes[], line?, column?}]; the caller owns the reference. */
json_t *findings_json_owned(const struct dag_findings *findings) must_check;

#endif
