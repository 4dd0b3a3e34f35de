/* version.h -- the one order of versions: of plugins, which are
 * MAJOR.MINOR.PATCH[-PRERELEASE][+BUILD], and of definitions, which may be any text. Semantic
 * Versioning 2.0.0 section 11 orders the first; of other texts runs of digits are numbers and '-'
 * stands below the end, so v9 < v10 and 1.0-rc < 1.0 < 1.0.0. Pure; any process. */
#ifndef ORCH_MODEL_VERSION_VERSION_H
#define ORCH_MODEL_VERSION_VERSION_H

#include "base/auto.h"

#include <stdbool.h>

enum { VERSION_BYTES_MAX = 64 };

struct buf;

bool version_valid(const char *text) must_check;
/* Below, at or above 0 as a is older than, as old as or newer than b. Both are valid. */
int version_compare(const char *a, const char *b);
/* Appends a text that sorts byte by byte as the version does, for an index: of two valid versions
 * as version_compare says. No two versions have one key; builds of one version sort by their text.
 */
void version_key(const char *text, struct buf *b);

#endif
