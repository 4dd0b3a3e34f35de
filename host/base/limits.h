/* limits.h -- every input has a limit; the ones that more than one folder needs are here, with
 * units last in their names. A text over its limit is refused with the number in the message.
 *
 * They are one budget: what a stage gives, the next one takes. A size is that of the form which is
 * kept, not of the text that came: 1e20 is 4 bytes at the door and 21 in canonical form. The
 * assertions at the end are the budget's sums; whoever raises a limit is told there what else
 * must grow. */
#ifndef ORCH_BASE_LIMITS_H
#define ORCH_BASE_LIMITS_H

#include <assert.h>

#define JSON_BYTES_MAX (8u * 1024 * 1024)
#define JSON_DEPTH_MAX 64u
/* A value of 2 bytes costs 230 in a tree, one of a member 350: bytes alone bound no tree. */
#define JSON_VALUES_MAX 400000u

#define DEFINITION_BYTES_MAX (4u * 1024 * 1024) /* YAML or JSON text of one DAG */
#define DEFINITION_VALUES_MAX JSON_VALUES_MAX
/* As it is kept: every default of every node is written out. */
#define DEFINITION_KEPT_BYTES_MAX (8u * 1024 * 1024)
#define DEFINITION_KEPT_VALUES_MAX (DEFINITION_VALUES_MAX + 30u * DAG_NODES_MAX)
#define DAG_NODES_MAX 10000u
#define NODE_ID_BYTES_MAX 128u /* V021: VARCHAR(128) */
#define DAG_ID_BYTES_MAX 128u
#define TENANT_BYTES_MAX 128u
#define SUBJECT_BYTES_MAX 256u
#define AGENT_ID_BYTES_MAX 128u
#define LANE_NAME_BYTES_MAX 128u
#define TASK_ID_BYTES_MAX 128u
#define REDIS_URL_BYTES_MAX 2048
#define NATS_URL_BYTES_MAX 2048

#define HTTP_BODY_BYTES_MAX (4u * 1024 * 1024)
#define RUN_INPUT_BYTES_MAX (1u * 1024 * 1024)
#define RUN_INPUT_VALUES_MAX 100000u
#define NODE_INPUT_BYTES_MAX (4u * 1024 * 1024)
#define NODE_INPUT_VALUES_MAX 150000u
#define NODE_OUTPUT_BYTES_MAX (4u * 1024 * 1024)
#define NODE_OUTPUT_VALUES_MAX 100000u
#define ERROR_TEXT_BYTES_MAX 4096u

/* ---- a run: admitted node by node, so that its end can be committed ---- */

/* {"result": } around an output that is no object */
#define NODE_OUTPUT_WRAP_BYTES 16u
/* Of the nodes without dependents: the run's own output. */
#define RUN_OUTPUT_BYTES_MAX (32u * 1024 * 1024)
/* Of all nodes: what a start holds in memory and a recovery reads again. */
#define RUN_KEPT_BYTES_MAX (256u * 1024 * 1024)
/* Lists at a run's end; what is beyond is in the nodes' and attempts' rows. */
#define RUN_ERRORS_BYTES_MAX (1u * 1024 * 1024)
#define RUN_COMPENSATIONS_BYTES_MAX (8u * 1024 * 1024)
/* Row and event of a node that ends with the run: cancelled, skipped. */
#define NODE_END_BYTES_MAX 1536u

/* ---- the store ---- */

#define STORE_QUEUE_BYTES_MAX (256u * 1024 * 1024)
#define STORE_BATCH_BYTES_MAX (64u * 1024 * 1024)
#define STORE_PAGE_BYTES_MAX (16u * 1024 * 1024) /* a row is never cut: one may be larger */

/* ---- statements ---- */

/* What a node adds: its record, its output, its plugin; every name as long as it may be, every
 * layer. A parent is a place among at most DAG_NODES_MAX, and a comma. A test weighs them. */
#define STATEMENT_NODE_BYTES_MAX 3072u
#define STATEMENT_PARENT_BYTES_MAX 5u
#define STATEMENT_HEAD_BYTES_MAX 4096u
#define STATEMENT_BYTES_MAX                                                                        \
    (STATEMENT_HEAD_BYTES_MAX + DAG_NODES_MAX * STATEMENT_NODE_BYTES_MAX +                         \
     DEFINITION_VALUES_MAX * STATEMENT_PARENT_BYTES_MAX)

#define DSSE_PAYLOAD_BYTES_MAX (32u * 1024 * 1024)
#define DSSE_ENVELOPE_BYTES_MAX (DSSE_PAYLOAD_BYTES_MAX / 3 * 4 + 16u * 1024) /* base64 */

/* ---- clients of the API ---- */

#define CLIENT_REPLY_BYTES_MAX (64u * 1024 * 1024)

#define BUNDLE_BYTES_MAX (64u * 1024 * 1024)
#define MANIFEST_BYTES_MAX (256u * 1024)
/* What a host holds of one at a time on its way into the store or out of it. */
#define STORE_BUNDLE_PART_BYTES (1u * 1024 * 1024)

/* ---- the sums ---- */

/* NOLINTNEXTLINE(misc-redundant-expression): they are equal today, and need not be */
static_assert(DEFINITION_BYTES_MAX <= HTTP_BODY_BYTES_MAX, "a definition comes in a body");
static_assert(RUN_INPUT_BYTES_MAX <= HTTP_BODY_BYTES_MAX, "a run's input comes in a body");
static_assert(RUN_INPUT_BYTES_MAX <= NODE_INPUT_BYTES_MAX, "a first node may take it all");
static_assert(RUN_INPUT_VALUES_MAX <= NODE_INPUT_VALUES_MAX, "the same, in values");
static_assert(NODE_OUTPUT_BYTES_MAX + NODE_OUTPUT_WRAP_BYTES <= JSON_BYTES_MAX &&
                  NODE_OUTPUT_VALUES_MAX + 1 <= JSON_VALUES_MAX,
              "an output that was kept is read again");
static_assert(RUN_INPUT_BYTES_MAX <= JSON_BYTES_MAX, "an input that was kept is read again");
static_assert(NODE_OUTPUT_BYTES_MAX <= RUN_OUTPUT_BYTES_MAX, "one node may give all of it");
static_assert(RUN_OUTPUT_BYTES_MAX <= RUN_KEPT_BYTES_MAX, "the last nodes are some of all");
static_assert(NODE_OUTPUT_BYTES_MAX + DAG_NODES_MAX * NODE_END_BYTES_MAX + RUN_OUTPUT_BYTES_MAX +
                      RUN_ERRORS_BYTES_MAX + RUN_COMPENSATIONS_BYTES_MAX <=
                  STORE_BATCH_BYTES_MAX,
              "the last node's result, every other node and the run's end are one batch");
static_assert(RUN_OUTPUT_BYTES_MAX + RUN_ERRORS_BYTES_MAX + RUN_COMPENSATIONS_BYTES_MAX +
                      RUN_INPUT_BYTES_MAX <=
                  CLIENT_REPLY_BYTES_MAX,
              "a client takes a whole run");
static_assert(
    STATEMENT_BYTES_MAX <= DSSE_PAYLOAD_BYTES_MAX,
    "every run of a definition that was taken can be signed: each edge was a value of it");
static_assert(DSSE_ENVELOPE_BYTES_MAX <= STORE_BATCH_BYTES_MAX, "a statement is one batch");
static_assert(DSSE_ENVELOPE_BYTES_MAX <= CLIENT_REPLY_BYTES_MAX, "and one reply");
static_assert(STORE_BATCH_BYTES_MAX <= STORE_QUEUE_BYTES_MAX, "the queue takes any batch");

#endif
