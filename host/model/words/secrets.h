/* secrets.h -- how long a secret and its name may be and how many an attempt gets: one bound for
 * the definition, the authority that seals, the host that hands over and the worker that reads.
 * Pure; any process. */
#ifndef ORCH_MODEL_WORDS_SECRETS_H
#define ORCH_MODEL_WORDS_SECRETS_H

enum {
    SECRET_NAME_BYTES_MAX = 128,
    SECRET_VALUE_BYTES_MAX = 64 * 1024,
    SECRETS_PER_ATTEMPT_MAX = 32,
};

#endif
