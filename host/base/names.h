/* names.h -- what a tenant, a subject, a secret and a set of scopes may be called: one grammar,
 * asked wherever such a name enters (a token minted or verified, a trust entry, a header, a
 * setting), so that behind the doors a name is plain text: it may stand in a header, a file's name,
 * a log line. Pure; any process. Every check sets ERR_INVALID with the rule in it. */
#ifndef ORCH_BASE_NAMES_H
#define ORCH_BASE_NAMES_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* [A-Za-z0-9_-] first, then also '.'; 1 to TENANT_BYTES_MAX. */
bool name_check_tenant(const char *text, struct err *e) must_check;
/* A tenant's characters and the signs of a shell pattern: * ? [ ] ! ^ */
bool name_check_tenant_pattern(const char *text, struct err *e) must_check;
/* Of a task: 1 to TASK_ID_BYTES_MAX printable ASCII characters, and a path can name it: no '/', and
 * neither '.' nor '..'. */
bool name_check_task(const char *text, struct err *e) must_check;
/* UTF-8 without control characters and without a blank at either end; 1 to SUBJECT_BYTES_MAX. */
bool name_check_subject(const char *text, struct err *e) must_check;
/* As a tenant; 1 to bytes_max. what begins the message: "a secret's name". */
bool name_check_plain(const char *what, const char *text, size_t bytes_max,
                      struct err *e) must_check;
/* Of a plugin or an agent: a-z 0-9 . _ -, the first a letter or digit, below AGENT_ID_BYTES_MAX.
 * len: of the text, which may go on. */
bool name_is_id(const char *text, size_t len) must_check;
/* RFC 6749 3.3: words of visible ASCII without '"' and '\', one blank between; "" too. */
bool name_check_scopes(const char *text, struct err *e) must_check;

#endif
