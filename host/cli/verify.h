/* verify.h -- offline verification of signed files: signature and trust first (authority/trust.h),
 * then everything that can be computed again from the content (ledger/statement.h). */
#ifndef ORCH_CLI_VERIFY_H
#define ORCH_CLI_VERIFY_H

#include "authority/trust.h"
#include "base/buf.h"
#include "base/json.h"
#include "cli/cli.h"

/* path: a PEM file, which may sign everything, or a folder of trust entries. NULL: ORCH_HOME/trust
 * and, where its root key can be read, the host's own key. */
bool verify_trust_open(const struct cli *cli, const char *path, struct trust **ret,
                       struct err *e) must_check;

/* One DSSE envelope. *ret: {kind, subject, detail, signer, signer_key}, owned. Fails with the first
 * thing that does not hold. */
bool verify_envelope(const struct trust *trust, const char *text, size_t len, json_t **ret,
                     struct err *e) must_check;
/* One plugin bundle: the publisher's signature over the manifest, then the archive's hash. Nothing
 * is unpacked. */
bool verify_bundle(const struct trust *trust, const char *tenant, const void *bytes, size_t len,
                   json_t **ret, struct err *e) must_check;

/* Fetches the run's statement, verifies it (verify_trust_open with NULL), writes it to file and
 * appends "signed, verified ✔ -> FILE". A run that just ended is signed a moment later: waits. */
bool verify_run_statement(struct cli *cli, const char *run_id, const char *file, struct buf *line,
                          struct err *e) must_check;

#endif
