/* bundle.h -- the plugin bundle: NAME-VERSION-linux-ARCH.orchbundle, one file.
 *
 *     [zstd skippable frame, magic 0x184D2A5B, little-endian size: the DSSE envelope]
 *     [one zstd tar: manifest.json, lib/NAME.so, schemas/..., sbom.spdx.json]
 *
 * So `zstd -dc FILE | tar t` lists it, and the envelope is found without decompressing anything.
 * The envelope's payload (type BUNDLE_PAYLOAD_TYPE) is the manifest (bundle/manifest.h), which
 * holds the SHA-256 of the archive and of every file in it. Order of trust, kept by the callers:
 * the signature over the manifest first (authority), the archive's hash second, unpacking last.
 *
 * This header only looks at bytes: no decompression, no signature, no file. Pure; the view borrows
 * the caller's bytes. Fuzz target: bundle. */
#ifndef ORCH_BUNDLE_BUNDLE_H
#define ORCH_BUNDLE_BUNDLE_H

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>

#define BUNDLE_PAYLOAD_TYPE "application/vnd.orch.bundle-manifest+json"
#define BUNDLE_SUFFIX ".orchbundle"
#define BUNDLE_ENVELOPE_BYTES_MAX (512u * 1024)

struct bundle_view {
    const char *envelope; /* JSON text, not NUL-terminated, not looked at */
    size_t envelope_bytes;
    const void *archive; /* begins with a zstd frame; everything behind the envelope */
    size_t archive_bytes;
};

/* Splits the file. ERR_INVALID says what is wrong, ERR_TOO_LARGE which limit was passed. */
bool bundle_open(const void *bytes, size_t len, struct bundle_view *ret, struct err *e) must_check;

/* Appends the file made of the two parts; both are within their limits. */
void bundle_join(const struct bundle_view *parts, struct buf *ret);

/* Appends an envelope without signatures: what `orch plugin pack` writes and `sign` replaces. */
void bundle_envelope_unsigned(const void *payload, size_t len, struct buf *ret);

/* Appends the envelope's payload WITHOUT looking at signatures: for showing and for signing,
 * never for trusting. Refuses another payload type. */
bool bundle_payload_unverified(const struct bundle_view *view, struct buf *ret,
                               struct err *e) must_check;

#endif
