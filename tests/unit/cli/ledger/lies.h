/* lies.h -- every way to change one value of a statement, alone or with all that follows from it.
 */
#ifndef ORCH_TESTS_CLI_LEDGER_LIES_H
#define ORCH_TESTS_CLI_LEDGER_LIES_H

#include "base/json.h"

#include <stdbool.h>

#define DETAILS "/predicate/runDetails"
#define BUILD "/predicate/buildDefinition"
#define RECORD DETAILS "/byproducts/*/annotations"

enum how {
    OTHER = 1 << 0, /* another of the same form */
    LESS = 1 << 1,  /* earlier, smaller, shorter */
    MORE = 1 << 2,  /* later, larger, longer */
    EMPTY = 1 << 3,
    KIND = 1 << 4,  /* of another type */
    GONE = 1 << 5,  /* the member or element is not there */
    TWICE = 1 << 6, /* an element stands there again; an object has one member more */
    HOW_END = 1 << 7,
};

/* "/a/0/b" of everything below here, members and elements, into the array. */
void lie_add_paths(const json_t *here, const char *path, json_t *all);
/* The member of an object; NULL: none. */
json_t *lie_at(json_t *statement, const char *path);

/* false: the value there has no such change. */
bool lie_tell(json_t *statement, const char *path, enum how how);
/* Makes all that follows from something else: hashes, subjects, materials, names. */
void lie_with_care(json_t *statement);

#endif
