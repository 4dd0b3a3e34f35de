/* verify.h -- offline verification of signed files: signature and trust first
 * (authority/trust/trust.h), then everything that can be computed again from the content
 * (model/ledger/statement.h). */
#ifndef ORCH_CLI_LEDGER_VERIFY_H
#define ORCH_CLI_LEDGER_VERIFY_H

#include "authority/trust/trust.h"
#include "base/buf.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/ledger/known_heads.h"
#include "model/ledger/head.h"

/* path: a PEM file, which may sign everything, or a folder of trust entries. NULL: ORCH_HOME/trust
 * and, where its root key can be read, the host's own key. */
bool verify_trust_open(const struct cli *cli, const char *path, struct trust **ret,
                       struct err *e) must_check;

/* One DSSE envelope. *ret: {kind, subject, detail, signer, signer_key}, owned. Fails with the first
 * thing that does not hold. */
bool verify_envelope(const struct trust *trust, const char *text, size_t len, json_t **ret,
                     struct err *e) must_check;
/* The head in an envelope. trust NULL: whose signature it is does not matter, nor is ret_by set. */
bool verify_head(const struct trust *trust, const json_t *envelope, struct ledger_head *ret,
                 const struct trust_entry **ret_by, struct err *e) must_check;
/* Reads the beginning of a file into start and tells whether it is an exported ledger. */
bool verify_is_ledger(int fd, struct buf *start, bool *ret, struct err *e) must_check;
/* An exported ledger (model/ledger/export.h), of which start was read already: both heads'
 * signatures, every line, every chain, the Merkle root. *ret as of verify_envelope. */
/* known: the heads of the other files, which the export may not contradict; gets its own. */
bool verify_ledger(const struct trust *trust, struct known_heads *known, const char *file, int fd,
                   struct buf *start, json_t **ret, struct err *e) must_check;
/* Appends when it was signed, and what there is to know of the clock that said so. */
void verify_add_time(const struct ledger_head *head, struct buf *b);
/* Adds kind, signer and signer_key to what was found. */
void verify_add_signer(json_t *facts, const char *kind, const struct trust_entry *by);
/* One plugin bundle: the publisher's signature over the manifest, then the archive's hash. Nothing
 * is unpacked. */
bool verify_bundle(const struct trust *trust, const char *tenant, const void *bytes, size_t len,
                   json_t **ret, struct err *e) must_check;

#endif
