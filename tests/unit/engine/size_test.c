/* size_test.c -- results and runs over what a batch, a page or an input holds. */
#include "suites.h"

#include "base/limits.h"

#include <stdlib.h>
#include <string.h>

/* {"text": as many bytes} */
static char *big_output(size_t bytes)
{
    char *text = malloc(bytes + 32);
    size_t len = (size_t)sprintf(text, "{\"text\":\"");

    memset(text + len, 'x', bytes);
    strcpy(text + len + bytes, "\"}");
    return text;
}

START_TEST(outputs_of_more_than_a_page_are_built_anew)
{
    enum { NODES = 5 };
    char *big = big_output(NODE_OUTPUT_BYTES_MAX - 64); /* 20 MiB in all, a page holds 16 */
    char id[UUID_TEXT_BYTES];

    publish_wide(NODES + 1, "");
    snprintf(id, sizeof id, "%s", run_of("wide"));
    for (unsigned i = 0; i < NODES; i++)
        rig_tell_end(&rig, &rig.sandbox.attempts[i], OUTCOME_OK, big);
    rig_settle(&rig);
    rig_crash(&rig);
    ck_assert_uint_eq(rig.recovered, 1);
    ck_assert_uint_eq(rig_open_count(&rig), 1);
    rig_end(&rig, &rig.sandbox.attempts[rig.sandbox.count - 1], OUTCOME_OK, "{}");
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_COMPLETED);
    free(big);
}
END_TEST

START_TEST(an_input_that_is_too_large_fails_its_node)
{
    char *big = big_output(NODE_OUTPUT_BYTES_MAX - 64);
    char id[UUID_TEXT_BYTES];

    rig_publish(&rig, "{\"name\":\"join\",\"dag_id\":\"join\",\"version\":\"1.0.0\",\"nodes\":{"
                      "\"one\":{\"agent_id\":\"a\"},\"two\":{\"agent_id\":\"a\"},"
                      "\"join\":{\"agent_id\":\"a\",\"depends_on\":[\"one\",\"two\"]}}}");
    snprintf(id, sizeof id, "%s", run_of("join"));
    rig_end(&rig, rig_open_attempt(&rig, "one"), OUTCOME_OK, big);
    rig_end(&rig, rig_open_attempt(&rig, "two"), OUTCOME_OK, big);
    ck_assert_int_eq(rig_node_status(&rig, id, "join"), STORE_NODE_FAILED);
    ck_assert_int_eq(rig_status(&rig, id), STORE_RUN_FAILED);
    free(big);
}
END_TEST

/* The run's output is that of its sinks: with enough of them it is more than a batch may hold. */
START_TEST(a_commit_that_is_over_a_batch_leaves_the_other_runs_alone)
{
    enum { NODES = STORE_BATCH_BYTES_MAX / NODE_OUTPUT_BYTES_MAX + 1 };
    char *big = big_output(NODE_OUTPUT_BYTES_MAX - 64);
    char id[UUID_TEXT_BYTES], other[UUID_TEXT_BYTES];

    publish_chain();
    publish_wide(NODES, "");
    snprintf(other, sizeof other, "%s", run_of("chain"));
    snprintf(id, sizeof id, "%s", run_of("wide"));
    for (unsigned i = 1; i <= NODES; i++)
        rig_tell_end(&rig, &rig.sandbox.attempts[i], OUTCOME_OK, big);
    free(big);
    rig_settle(&rig);
    ck_assert_uint_eq(count_events(id, "run.updated", "recovered"), 1); /* refused: built anew */
    ck_assert_int_eq(rig.fatal.code, ERR_NONE);
    ck_assert_int_eq(rig_node_status(&rig, id, "n0000"), STORE_NODE_COMPLETED);
    rig_ok(&rig, "first");
    rig_ok(&rig, "second");
    ck_assert_int_eq(rig_status(&rig, other), STORE_RUN_COMPLETED);
}
END_TEST

TCase *size_cases(void)
{
    TCase *tc = tcase_create("size");

    tcase_add_test(tc, outputs_of_more_than_a_page_are_built_anew);
    tcase_add_test(tc, an_input_that_is_too_large_fails_its_node);
    tcase_add_test(tc, a_commit_that_is_over_a_batch_leaves_the_other_runs_alone);
    return tc;
}
