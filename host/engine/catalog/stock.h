/* stock.h -- the store's bundles and the folder's, made the same. Inside catalog only.
 *
 * The store has the bundles of all hosts that share it (docs/adr/0051), the folder is what this one
 * loads. It looks at the list in the store after each scan, when there is news, and from time to
 * time; one thing at a time is under way, beside the loop:
 *
 *   the list has             the folder             so
 *   a bundle                 lacks it               it is fetched; then it is a file as any other
 *   a bundle                 has it                 it is stored
 *   a removed one            had it when both did   it is put aside and withdrawn
 *   a removed one            has an older file of   the same: it was removed meanwhile
 *                            it at the start
 *   a removed one            has it anew            it is installed again, for all
 *   not                      has it, ready          it is put there
 *   its version, other bytes has it                 a conflict: versions are immutable
 *   a release since          has it, quarantined    it is tried again
 *
 * folder_wins (a development host): a version may have other bytes at each start; the store's go.
 */
#ifndef ORCH_ENGINE_CATALOG_STOCK_H
#define ORCH_ENGINE_CATALOG_STOCK_H

#include "base/err.h"

#include <stdbool.h>

struct agents;
struct bundle;
struct stock;

struct stock *stock_new(struct agents *agents) must_check;
/* Beside was freed before. Accepts NULL. */
void stock_free(struct stock *s);

/* Looks at the list, behind what is under way. */
void stock_look(struct stock *s);
/* The first list is not there yet, or what it has is being fetched: names wait for it. */
bool stock_is_first(const struct stock *s);
bool stock_busy(const struct stock *s);
/* Bundles got their verdicts: puts what is ready and not there. */
void stock_go_on(struct stock *s);

/* True with why: the store has the same version by the same key with other content. */
bool stock_conflicts(const struct stock *s, const struct bundle *b, struct err *ret);
/* It was taken away here: from all hosts. */
void stock_forget(struct stock *s, struct bundle *b);
/* It is tried again here: everywhere. */
void stock_release(struct stock *s, const struct bundle *b);
/* Its file is in no folder's list any more; what an operator copied there is kept beside. */
void stock_put_aside(const struct bundle *b);

#endif
