/* explain.h -- the catalogue of codes: one row a code, from codes.def. */
#ifndef ORCH_CLI_DAG_EXPLAIN_H
#define ORCH_CLI_DAG_EXPLAIN_H

#include <stddef.h>

struct code_text {
    const char *code, *meaning, *remedy;
};

extern const struct code_text code_texts[];
extern const size_t code_text_count;

/* As it is written, else in any case of letters (TIMEOUT and timeout are two codes); NULL when
 * there is none. */
const struct code_text *code_text_find(const char *code);

#endif
