/* confinement.h -- what an attempt may do (profile) and what it may share with the attempts before
 * it (isolation): the words of definitions and manifests, and of the sandbox that keeps to them.
 * Pure; any process.
 *
 * UNSET is a definition's "not said": the host's configuration and the plugin's manifest decide,
 * and where nobody does it is PURE and COLD. It has no word (NULL). The order is a contract: a
 * later isolation is a stricter one. */
#ifndef ORCH_MODEL_WORDS_CONFINEMENT_H
#define ORCH_MODEL_WORDS_CONFINEMENT_H

#include "base/auto.h"

#include <stdbool.h>

/*     profile  text */
#define PROFILE_MAP(XX)                                                                            \
    XX(PURE, "pure")                                                                               \
    XX(FILES, "files")                                                                             \
    XX(NET, "net")

/*     isolation  text */
#define ISOLATION_MAP(XX)                                                                          \
    XX(WARM, "warm")                                                                               \
    XX(COLD, "cold")                                                                               \
    XX(EXEC, "exec")

#define XX(name, text) PROFILE_##name,
enum profile { PROFILE_UNSET, PROFILE_MAP(XX) PROFILE_COUNT };
#undef XX

#define XX(name, text) ISOLATION_##name,
enum isolation { ISOLATION_UNSET, ISOLATION_MAP(XX) ISOLATION_COUNT };
#undef XX

/* By enum, NULL for UNSET, and NULL behind the last. */
extern const char *const profile_words[PROFILE_COUNT + 1];
extern const char *const isolation_words[ISOLATION_COUNT + 1];

const char *profile_name(enum profile profile);
const char *isolation_name(enum isolation isolation);
/* Never gives UNSET. */
bool profile_parse(const char *text, enum profile *ret) must_check;
bool isolation_parse(const char *text, enum isolation *ret) must_check;

#endif
