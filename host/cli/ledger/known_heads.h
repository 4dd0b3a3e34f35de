/* known_heads.h -- the signed heads of all files of one `orch verify`: does one contradict another?
 *
 * Each is good by itself; two that one key signed for one tenant have to be of one history. Two
 * heads of the same size have the same root; where the sizes differ, the complete subtrees that
 * both name are the same; an export gives the root of every size that it goes through. The later of
 * a head's times does not fall (model/ledger/head.h). */
#ifndef ORCH_CLI_LEDGER_KNOWN_HEADS_H
#define ORCH_CLI_LEDGER_KNOWN_HEADS_H

#include "base/auto.h"
#include "base/err.h"
#include "model/ledger/head.h"

struct known_heads;

struct known_heads *known_heads_new(void) must_check;
void known_heads_free(struct known_heads *k); /* accepts NULL */
DEFINE_AUTO(known_heads)

/* signer: the key's id. */
void known_heads_add(struct known_heads *k, const char *signer, const struct ledger_head *head,
                     const char *file);
/* ERR_CORRUPT names the file whose head this one contradicts. */
bool known_heads_check(const struct known_heads *k, const char *signer,
                       const struct ledger_head *head, struct err *e) must_check;
/* The tree that an export has behind some event; who signed the export is not known yet. */
void known_heads_pass(struct known_heads *k, const char *tenant, const struct merkle *tree);
/* The export was this signer's: ERR_CORRUPT when one of its trees was not that of a known head. */
bool known_heads_settle(struct known_heads *k, const char *signer, struct err *e) must_check;

#endif
