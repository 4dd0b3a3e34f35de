/* gate_steps.h -- what the cases of concurrency and of debounce have in common: a DAG of one node
 * with a gate, and its runs. */
#ifndef ORCH_TESTS_ENGINE_GATE_STEPS_H
#define ORCH_TESTS_ENGINE_GATE_STEPS_H

#include "suites.h"

/* The DAG "g" with these members beside its node; with these of its concurrency. */
void gate_publish(const char *gate);
void gate_concurrency(const char *members);
/* With the input {"k": key}. */
void gate_start(const char *key, char out[UUID_TEXT_BYTES]);
/* wanted: a letter a run: w waits, r runs, c is cancelled, d is completed. */
void gate_check(char runs[][UUID_TEXT_BYTES], const char *wanted);
/* The run's attempt ends; one that was cancelled has ended then. */
void gate_ok(const char *run_id);
void gate_stopped(const char *run_id);
/* An event of the run has the text. */
bool gate_says(const char *run_id, const char *text);
void gate_pass(int64_t ns);

#endif
