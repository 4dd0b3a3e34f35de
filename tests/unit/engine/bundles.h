/* bundles.h -- bundles for the tests of the catalog: packed, installed, their verdicts. One table
 * of bundles at a time, over the rig. */
#ifndef ORCH_TESTS_ENGINE_BUNDLES_H
#define ORCH_TESTS_ENGINE_BUNDLES_H

#include "suites.h"

#include "base/mem.h"

/* What is packed where a shared object should be: nobody loads it here. */
#define SO "\177ELF not really"

struct packed {
    const char *file, *id, *version, *agent, *so;
};

extern struct agents *agents;
/* Another plugin with the same agent id, and a file that comes first. */
extern const struct packed genuine, thief;

void bundles_begin(void);
void bundles_end(void);

/* Puts it into the plugins folder, signed by nobody: the rig's authority believes. */
void put_bundle(struct packed what);
void write_bundle(const char *file, const char *version); /* of hello, with hello.greet */
void remove_bundle(const char *file);
/* What the authority says of this id and version from here on. */
void trusted(struct packed what, const char *key, const char *tenants);

/* Every question is answered well. */
void scan(void);
/* The library was loaded and says this of itself. */
void says(struct packed what, const char *profile);
void ready(const char *version, const char *profile);
/* trusted, packed, scanned and loaded. */
void install(struct packed what, const char *key, const char *tenants);

struct sha256_hex so_digest(void); /* of SO */
void counts(unsigned loaded, unsigned refused);
/* "VERDICT: REASON" of the file; "" when it has none. Valid until the next call. */
const char *verdict(const char *file);
#define ck_verdict(file, word)                                                                     \
    ck_assert_msg(strstr(verdict(file), word) != NULL, "%s is '%s'", file, verdict(file))

#endif
