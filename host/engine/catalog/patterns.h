/* patterns.h -- lists of fnmatch(3) patterns, as trust entries have them: does one match, and can
 * two match the same text? Pure. */
#ifndef ORCH_ENGINE_CATALOG_PATTERNS_H
#define ORCH_ENGINE_CATALOG_PATTERNS_H

#include <jansson.h>
#include <stdbool.h>

/* list: an array of texts. */
bool patterns_match(const json_t *list, const char *text);
/* True when some text is matched by both lists. In doubt (a very long pattern, a bracket) true. */
bool patterns_overlap(const json_t *a, const json_t *b);

#endif
