/* loads.h -- the plugin of atload.h, with its orders written into it. */
#ifndef ORCH_TESTS_ADVERSARIAL_LOADS_H
#define ORCH_TESTS_ADVERSARIAL_LOADS_H

#include "harness.h"

/* Names of atload.h; NULL: "". where NULL: "constructor". */
struct load {
    const char *attack, *where, *when, *word;
};

void load_bytes(const struct load *load, struct buf *b);
/* As world_add. */
void load_add(struct world *w, const struct load *load);

/* The classes of isolation, each once. */
enum { CLASSES = ISOLATION_COUNT - 1 };
enum isolation class_of(int i);
/* A world in which plugins may be warm too. */
void loads_start(struct world *w, const struct sandbox_options *options);

/* Runs {"case": name} of agent hostile with this isolation. */
struct answer *run_case(struct world *w, const char *name, enum isolation isolation);

/* Every way in which a refusal can look is fine: the plugin is not loaded and a reason tells of the
 * signal, or its attempt was killed for it, or its note has an errno and nothing "done". Appends
 * what else it was to bad. */
void expect_refusals(struct world *w, const struct load *load, enum isolation isolation,
                     struct buf *bad);

/* An honest plugin still works, as world_done. */
void loads_done(struct world *w);

#endif
