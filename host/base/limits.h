/* limits.h -- every input has a limit; the ones that more than one folder needs are here, with
 * units last in their names. A text over its limit is refused with the number in the message. */
#ifndef ORCH_BASE_LIMITS_H
#define ORCH_BASE_LIMITS_H

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

#define HTTP_BODY_BYTES_MAX (4u * 1024 * 1024)
#define RUN_INPUT_BYTES_MAX (1u * 1024 * 1024)
#define RUN_INPUT_VALUES_MAX 100000u
#define NODE_INPUT_BYTES_MAX (4u * 1024 * 1024)
#define NODE_INPUT_VALUES_MAX 150000u
#define NODE_OUTPUT_BYTES_MAX (4u * 1024 * 1024)
#define NODE_OUTPUT_VALUES_MAX 100000u
#define ERROR_TEXT_BYTES_MAX 4096u

#define BUNDLE_BYTES_MAX (64u * 1024 * 1024)
#define MANIFEST_BYTES_MAX (256u * 1024)

#endif
