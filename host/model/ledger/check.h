/* check.h -- the reader's half of export.h: proves an exported ledger, line by line, offline.
 *
 * Checked: each line is canonical and has its members and no others; every run's chain is unbroken
 * (from its genesis in a whole export; in one that begins behind a head, from the run's first event
 * in it); the events put behind the tree of `since` give the tree of `head`; count and hash of the
 * last line. Every byte is under one of these or a head's signature, but for an envelope's keyid, a
 * hint that nobody believes. What an envelope is worth is the caller's: it opens them, and says
 * whether it believes the signature.
 *
 * Lines come from anybody. Memory grows with the number of runs (LEDGER_RUNS_MAX), not of events.
 * ERR_CORRUPT names the line and the first difference; after an error only ledger_check_free may
 * be called. Pure. */
#ifndef ORCH_MODEL_LEDGER_CHECK_H
#define ORCH_MODEL_LEDGER_CHECK_H

#include "base/auto.h"
#include "base/err.h"
#include "base/json.h"
#include "model/ledger/head.h"

#define LEDGER_RUNS_MAX (4u * 1024 * 1024)

/* Gives the head inside an envelope, or refuses the envelope. */
typedef bool ledger_open_fn(void *arg, const json_t *envelope, struct ledger_head *ret,
                            struct err *e);

struct ledger_check;

/* arg: of both callbacks. */
struct ledger_check *ledger_check_new(ledger_open_fn *open, void *arg) must_check;
void ledger_check_free(struct ledger_check *c); /* accepts NULL */
DEFINE_AUTO(ledger_check)

/* Called with the tree before the first event and behind each; false refuses the export. */
typedef bool ledger_tree_fn(void *arg, const char *tenant, const struct merkle *tree,
                            struct err *e);
void ledger_check_trees(struct ledger_check *c, ledger_tree_fn *pass);

/* The next line, without its line feed. */
bool ledger_check_line(struct ledger_check *c, const char *line, size_t len,
                       struct err *e) must_check;

struct ledger_facts {
    struct ledger_head head;
    uint64_t since; /* size of the tree before the first event */
    uint64_t events, runs;
};
/* No more lines come. */
bool ledger_check_end(const struct ledger_check *c, struct ledger_facts *ret,
                      struct err *e) must_check;

#endif
