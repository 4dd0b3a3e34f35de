/* curl.h -- libcurl, loaded by the first request: most verbs make none.
 *
 * It brings twenty-four libraries with it (Kerberos, LDAP, GnuTLS, SSH), whose loading takes longer
 * than most verbs. curl.c has a function of each of its names that this room calls. */
#ifndef ORCH_CLI_CURL_H
#define ORCH_CLI_CURL_H

#include "base/err.h"

/* For who wants to hear that it is not there; else its first call loads it. It stays loaded. */
bool curl_load(struct err *e) must_check;

#endif
