/* shape.h -- which members a trust entry has and what each may hold. Only trust.c uses it;
 * past this check the typed reads of an entry cannot fail. */
#ifndef ORCH_AUTHORITY_TRUST_SHAPE_H
#define ORCH_AUTHORITY_TRUST_SHAPE_H

#include "authority/trust/trust.h"

/* By enum trust_role, ended by NULL. */
extern const char *const trust_role_words[TRUST_ROLE_COUNT + 1];

bool trust_shape_check(const json_t *entry, struct err *e) must_check;

#endif
