/* words.h -- the words of the definition's enums. Private to host/model/dag: the public names are
 * in model/dag/dag.h and model/dag/policy.h. Each list is indexed by its enum and ends with NULL; a
 * NULL first entry means that the enum's zero has no word. */
#ifndef ORCH_MODEL_DAG_WORDS_H
#define ORCH_MODEL_DAG_WORDS_H

extern const char *const retry_strategy_words[];
extern const char *const timeout_action_words[];
extern const char *const dag_failure_words[];
extern const char *const node_failure_words[];
extern const char *const on_conflict_words[];

/* The index of text in the list, from 1; 0 when it is not there. */
int word_index(const char *const *words, const char *text);

#endif
