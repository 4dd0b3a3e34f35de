/* archive.h -- packing and unpacking the bundle's zstd tar through libarchive, in memory.
 *
 * Unpacking never writes a file, never follows a link and never trusts a header: an entry counts
 * only when the manifest lists its path, it is a regular file of the listed size, appears once,
 * and its bytes hash as listed; anything else refuses the whole archive. The caller has checked
 * the signature; bundle_unpack checks the archive's own hash before libarchive sees a byte.
 * Packing is deterministic: sorted names, no times, no owners, one compression level.
 * One thread. */
#ifndef ORCH_BUNDLE_ARCHIVE_H
#define ORCH_BUNDLE_ARCHIVE_H

#include "base/buf.h"
#include "base/err.h"
#include "bundle/manifest.h"

#include <stddef.h>

/* One file to pack; borrowed. */
struct bundle_file {
    const char *path; /* in the bundle: "lib/NAME.so", "schemas/..." */
    const void *bytes;
    size_t len;
};

/* Makes the archive from the author's manifest and files, the first of which is the library; adds
 * manifest.json and sbom.spdx.json. *ret_payload gets the manifest to sign (canonical JSON),
 * *ret_archive the zstd tar; both are appended to empty buffers. */
bool bundle_pack(const struct manifest *source, const struct bundle_file *files, size_t count,
                 struct buf *ret_payload, struct buf *ret_archive, struct err *e) must_check;

/* One file of an unpacked bundle. */
struct bundle_entry {
    char *path;
    struct buf bytes;
};

struct bundle_contents {
    struct bundle_entry *entries; /* as many as the manifest lists, in its order */
    size_t count;
};

bool bundle_unpack(const struct manifest *m, const void *archive, size_t len,
                   struct bundle_contents **ret, struct err *e) must_check;
void bundle_contents_free(struct bundle_contents *contents);
DEFINE_AUTO(bundle_contents)

/* What archives are read with goes back to the system; the next one loads it again. */
void bundle_archive_rest(void);

/* The bytes of the manifest's library, verified as above; appended to *ret. */
bool bundle_unpack_so(const struct manifest *m, const void *archive, size_t len, struct buf *ret,
                      struct err *e) must_check;

#endif
