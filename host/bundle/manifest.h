/* manifest.h -- the bundle's manifest: who the plugin is, what it asks for, what the bundle holds.
 *
 *   {"id", "version", "summary"?, "license"?,
 *    "abi": {"major", "minor"}, "os": "linux", "arch": "x86_64", "library": "lib/NAME.so",
 *    "agents": [{"id", "version", "summary"?, "profile"?, "pure"?, "idempotent"?,
 *                "input_schema"?, "output_schema"? (paths in the bundle), "policies"? {..}}],
 *    "requests": {"profiles": ["pure"], "network": ["host:port"],
 *                 "limits": {"memory_bytes"?, "cpu_ms"?, "output_bytes"?, "log_bytes"?}},
 *    "files": [{"path", "sha256", "size"}], "archive": {"sha256", "size"}}
 *
 * The signed payload has all of it. The manifest.json inside the archive is the same without
 * "archive" (it cannot hold its own hash) and is not listed in "files". The manifest.json that an
 * author writes has neither "abi", "os", "arch", "library", "files" nor "archive": packing adds
 * them. Unknown members are refused, so that nothing is signed that nobody reads.
 *
 * Owns its JSON; every text in the struct is borrowed from it. Pure. */
#ifndef ORCH_BUNDLE_MANIFEST_H
#define ORCH_BUNDLE_MANIFEST_H

#include "base/err.h"
#include "base/json.h"
#include "base/limits.h"

#include <stddef.h>
#include <stdint.h>

enum {
    MANIFEST_AGENTS_MAX = 64,
    MANIFEST_FILES_MAX = 64,
    MANIFEST_NETWORK_MAX = 64,
    MANIFEST_PATH_BYTES_MAX = 100, /* a ustar name */
};

struct manifest_agent {
    const char *id, *version, *summary,
        *profile; /* summary may be NULL; profile "pure" if absent */
    bool pure, idempotent;
    const char *input_schema, *output_schema; /* paths in the bundle, or NULL */
    const json_t *policies;                   /* object, or NULL */
};

struct manifest_file {
    const char *path;
    const char *sha256;
    uint64_t size;
};

struct manifest {
    json_t *json;
    const char *id, *version, *summary, *license; /* the last two may be NULL */
    uint32_t abi_major, abi_minor;
    const char *arch, *library;
    struct manifest_agent *agents;
    size_t agent_count;
    const json_t *profiles, *network, *limits; /* of "requests"; arrays, arrays, object or NULL */
    struct manifest_file *files;
    size_t file_count;
    const char *archive_sha256; /* NULL in the archive's own copy */
    uint64_t archive_size;
};

/* What a manifest text has to hold. */
enum manifest_kind {
    MANIFEST_SOURCE, /* written by the author */
    MANIFEST_INNER,  /* manifest.json inside the archive */
    MANIFEST_SIGNED, /* the payload of the envelope */
};

bool manifest_parse(const char *text, size_t len, enum manifest_kind kind, struct manifest **ret,
                    struct err *e) must_check;
void manifest_free(struct manifest *m);
DEFINE_AUTO(manifest)

const struct manifest_file *manifest_file_find(const struct manifest *m, const char *path);
const struct manifest_agent *manifest_agent_find(const struct manifest *m, const char *id);

/* "x86_64" and so on: what this build runs on. */
const char *manifest_arch(void);
/* "NAME-VERSION-linux-ARCH.orchbundle"; release with free. */
char *manifest_bundle_name(const struct manifest *m) must_check;

/* True when bytes hash and measure as the manifest's archive. */
bool manifest_archive_matches(const struct manifest *m, const void *archive, size_t len,
                              struct err *e) must_check;

#endif
