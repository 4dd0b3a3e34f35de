/* reads.h -- who reads definitions and what nodes gave: every call of the engine into
 * model/dag/source, what writes one out, and every page of nodes with their outputs is counted by
 * the thread that made it (the linker's --wrap, CMakeLists.txt). */
#ifndef ORCH_TESTS_ENGINE_READS_H
#define ORCH_TESTS_ENGINE_READS_H

#include <stdbool.h>

enum reads_kind {
    READS_SOURCE, /* a text or a client's JSON */
    READS_KEPT,   /* a definition as it is stored */
    READS_MODEL,  /* a model made once more */
    READS_OUT,    /* a model written out */
    READS_PAST,   /* a page of a run's nodes with their outputs; the words are the run's id */
    READS_KINDS,
};

struct reads {
    unsigned count[READS_KINDS];
    unsigned on_loop;              /* of all: by the program's first thread, which is the loop */
    unsigned freed, freed_on_loop; /* the end of an engine frees what is cached on the loop */
};

struct reads reads_now(void);
/* From here on whoever reads a text with these words beside the loop waits. NULL: nobody. */
void reads_hold(const char *words);
/* Somebody waits. */
void reads_await_held(void);

#endif
