/* sbom.h -- the bill of materials of a bundle: SPDX 2.3 as JSON, one package (the plugin) and its
 * files with their hashes. No time of its own (the epoch stands for it), so that packing the same
 * files twice gives the same bytes. Source: https://spdx.github.io/spdx-spec/v2.3/ */
#ifndef ORCH_BUNDLE_SBOM_H
#define ORCH_BUNDLE_SBOM_H

#include "base/buf.h"
#include "base/err.h"
#include "bundle/archive.h"

#define SBOM_PATH "sbom.spdx.json"

/* Appends the document. */
bool sbom_write(const struct manifest *source, const struct bundle_file *files, size_t count,
                struct buf *ret, struct err *e) must_check;

#endif
