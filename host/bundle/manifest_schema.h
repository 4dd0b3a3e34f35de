/* manifest_schema.h -- private to host/bundle: the members of a manifest and their forms. */
#ifndef ORCH_BUNDLE_MANIFEST_SCHEMA_H
#define ORCH_BUNDLE_MANIFEST_SCHEMA_H

#include "base/err.h"
#include "bundle/manifest.h"

enum manifest_place {
    IN_MANIFEST,
    IN_ABI,
    IN_AGENT,
    IN_REQUESTS,
    IN_LIMITS,
    IN_FILE,
    IN_ARCHIVE,
};

/* Every member is known, belongs into this kind and is of its type; every required one is there. */
bool manifest_members_check(const json_t *object, enum manifest_place place,
                            enum manifest_kind kind, struct err *e) must_check;

/* [a-z0-9][a-z0-9._-]*, below AGENT_ID_BYTES_MAX */
bool manifest_id_valid(const char *id);
/* MAJOR.MINOR.PATCH, then -PRERELEASE and +BUILD as Semantic Versioning 2 spells them. */
bool manifest_version_valid(const char *text);
/* A relative path of plain segments: no "..", no empty one, no hidden one. */
bool manifest_path_valid(const char *path);
bool manifest_profile_valid(const char *text);

#endif
