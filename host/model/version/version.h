/* version.h -- plugin versions: MAJOR.MINOR.PATCH[-PRERELEASE][+BUILD], ordered as Semantic
 * Versioning 2.0.0 section 11 orders them. Pure. */
#ifndef ORCH_MODEL_VERSION_VERSION_H
#define ORCH_MODEL_VERSION_VERSION_H

#include "base/auto.h"

#include <stdbool.h>

enum { VERSION_BYTES_MAX = 64 };

bool version_valid(const char *text) must_check;
/* Below, at or above 0 as a is older than, as old as or newer than b. Both are valid. */
int version_compare(const char *a, const char *b);

#endif
