/* json_build.h -- the tree of a text that json_scan has taken: nothing is looked at twice. Private
 * to base; json_parse is the door. Any thread. */
#ifndef ORCH_BASE_JSON_BUILD_H
#define ORCH_BASE_JSON_BUILD_H

#include <jansson.h>
#include <stddef.h>

/* What jansson makes of the text, or NULL for what json_scan does not see and jansson refuses: a
 * key that comes twice, a real beyond a double. Digits alone beyond +-(2^53-1) are a real. The
 * caller owns what is returned. */
json_t *json_build(const char *text, size_t len);

#endif
