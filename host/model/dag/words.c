/* words.c -- see words.h. */
#include "model/dag/words.h"

#include "model/dag/dag.h"

#include <assert.h>
#include <string.h>

const char *const retry_strategy_words[] = {
    NULL, "exponential", "linear", "constant", "fibonacci", NULL,
};
const char *const timeout_action_words[] = {NULL, "fail", "skip", "compensate", NULL};
const char *const dag_failure_words[] = {NULL, "fail_fast", "continue", "compensate", NULL};
const char *const node_failure_words[] = {NULL, "stop", "skip", "compensate", NULL};
const char *const on_conflict_words[] = {NULL, "queue", "skip", "replace", "keep_latest", NULL};

static_assert(ARRAY_LEN(retry_strategy_words) == RETRY_STRATEGY_COUNT + 1, "a word an enum");
static_assert(ARRAY_LEN(timeout_action_words) == TIMEOUT_ACTION_COUNT + 1, "a word an enum");
static_assert(ARRAY_LEN(dag_failure_words) == DAG_FAILURE_COUNT + 1, "a word an enum");
static_assert(ARRAY_LEN(node_failure_words) == NODE_FAILURE_COUNT + 1, "a word an enum");
static_assert(ARRAY_LEN(on_conflict_words) == ON_CONFLICT_COUNT + 1, "a word an enum");

int word_index(const char *const *words, const char *text)
{
    for (int i = 1; words[i] != NULL; i++) {
        if (strcmp(words[i], text) == 0)
            return i;
    }
    return 0;
}

const char *retry_strategy_text(enum retry_strategy strategy)
{
    assert(strategy > RETRY_INVALID && strategy < RETRY_STRATEGY_COUNT);
    return retry_strategy_words[strategy];
}

const char *timeout_action_text(enum timeout_action action)
{
    assert(action > TIMEOUT_ACTION_INVALID && action < TIMEOUT_ACTION_COUNT);
    return timeout_action_words[action];
}

const char *dag_failure_text(enum dag_failure failure)
{
    assert(failure > DAG_FAILURE_INVALID && failure < DAG_FAILURE_COUNT);
    return dag_failure_words[failure];
}

const char *node_failure_text(enum node_failure failure)
{
    assert(failure > NODE_FAILURE_INVALID && failure < NODE_FAILURE_COUNT);
    return node_failure_words[failure];
}
