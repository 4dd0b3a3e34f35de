/* revoked.h -- tokens that were revoked before their time: a sorted set of ids, kept in a file of
 * `ID EXPIRES` lines.
 *
 * revoked_add adds a line and syncs it before it returns: it costs the same however many there are.
 * Tokens that have expired by themselves REVOKED_KEPT_S ago are dropped when the file is read, and
 * from the file when they are the more. Owned by the authority. */
#ifndef ORCH_AUTHORITY_TOKEN_REVOKED_H
#define ORCH_AUTHORITY_TOKEN_REVOKED_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum { REVOKED_MAX = 65536 };

struct revoked;

/* A file that is not there is an empty set. ERR_CORRUPT names the bad line. */
bool revoked_load(const char *path, int64_t now_s, struct revoked **ret, struct err *e) must_check;
void revoked_free(struct revoked *revoked);
DEFINE_AUTO(revoked)

bool revoked_has(const struct revoked *revoked, const char *token_id);
/* True also when it is in the set already. ERR_LIMIT over REVOKED_MAX. */
bool revoked_add(struct revoked *revoked, const char *token_id, int64_t expires_s, int64_t now_s,
                 struct err *e) must_check;
size_t revoked_count(const struct revoked *revoked);

#endif
