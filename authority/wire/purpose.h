/* purpose.h -- what the host may have signed, as both ends name it. Each purpose has one payload
 * type and one key; server/serve_sign.c has the table. */
#ifndef ORCH_AUTHORITY_WIRE_PURPOSE_H
#define ORCH_AUTHORITY_WIRE_PURPOSE_H

enum authority_purpose {
    PURPOSE_INVALID,
    PURPOSE_BUNDLE,      /* publisher key, DSSE_TYPE_BUNDLE */
    PURPOSE_DAG,         /* publisher key, DSSE_TYPE_DAG */
    PURPOSE_PROVENANCE,  /* host key, DSSE_TYPE_PROVENANCE */
    PURPOSE_LEDGER_HEAD, /* host key, DSSE_TYPE_LEDGER_HEAD */
    PURPOSE_COUNT,
};

enum { AUTHORITY_SIGN_MAX = 64 }; /* payloads of one request */

#endif
