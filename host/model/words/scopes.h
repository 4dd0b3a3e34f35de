/* scopes.h -- what a token may be good for, for the authority that mints it, the command line that
 * asks for one and the api that grants rights by it. A set of scopes is an OR of enum scope.
 * Pure; any process. */
#ifndef ORCH_MODEL_WORDS_SCOPES_H
#define ORCH_MODEL_WORDS_SCOPES_H

/*     scope          text */
#define SCOPE_MAP(XX)                                                                              \
    XX(READ, "orchestrator:read")                                                                  \
    XX(WRITE, "orchestrator:write")                                                                \
    XX(ADMIN, "orchestrator:admin")                                                                \
    XX(ORCH_READ, "orch:read")                                                                     \
    XX(ORCH_OPERATE, "orch:operate")                                                               \
    XX(ORCH_QUOTA, "orch:quota")                                                                   \
    XX(ORCH_BACKFILL, "orch:backfill")

enum scope_index {
#define XX(name, text) SCOPE_INDEX_##name,
    SCOPE_MAP(XX)
#undef XX
        SCOPE_COUNT,
};

enum scope {
    SCOPE_NONE = 0,
#define XX(name, text) SCOPE_##name = 1 << SCOPE_INDEX_##name,
    SCOPE_MAP(XX)
#undef XX
};

#endif
