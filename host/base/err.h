/* err.h -- the one error type.
 *
 * A function that can fail returns bool marked must_check, takes `struct err *e` last and hands
 * its results out through ret_* arguments, written only on success. err_set, err_sys and err_wrap
 * return false, so failing is one `return`. An error owns nothing and may cross a socket.
 * Libraries do not log failures; the process that decides does, once. */
#ifndef ORCH_BASE_ERR_H
#define ORCH_BASE_ERR_H

#include "base/auto.h"

#include <stdbool.h>
#include <stdint.h>

/*     code         text           http  retry */
#define ERR_MAP(XX)                                                                                \
    XX(INVALID, "invalid", 400, false)                                                             \
    XX(UNAUTHENTICATED, "unauthenticated", 401, false)                                             \
    XX(DENIED, "denied", 403, false)                                                               \
    XX(NOT_FOUND, "not_found", 404, false)                                                         \
    XX(CONFLICT, "conflict", 409, false)                                                           \
    XX(TOO_LARGE, "too_large", 413, false)                                                         \
    XX(UNPROCESSABLE, "unprocessable", 422, false)                                                 \
    XX(LIMIT, "limit", 429, true)                                                                  \
    XX(CORRUPT, "corrupt", 500, false)                                                             \
    XX(SYSTEM, "system", 500, false)                                                               \
    XX(UNSUPPORTED, "unsupported", 501, false)                                                     \
    XX(UNAVAILABLE, "unavailable", 503, true)                                                      \
    XX(TIMEOUT, "timeout", 504, true)

enum err_code {
    ERR_NONE,
#define XX(code, text, http, retry) ERR_##code,
    ERR_MAP(XX)
#undef XX
        ERR_CODE_COUNT,
};

#define ERR_MSG_BYTES 1024

struct err {
    enum err_code code;
    int sys_errno; /* 0 when no system call was at fault */
    char msg[ERR_MSG_BYTES];
};

/* All three accept e == NULL (the caller does not want the reason) and return false. */
bool err_set(struct err *e, enum err_code code, const char *fmt, ...) printf_like(3, 4);
/* Appends ": " and strerror(errno); maps errno to a code (ENOENT to NOT_FOUND and so on). */
bool err_sys(struct err *e, const char *fmt, ...) printf_like(2, 3);
/* Puts "context: " before the message that is there; keeps the code. Once per layer. */
bool err_wrap(struct err *e, const char *fmt, ...) printf_like(2, 3);

/* The analyzer reads one file at a time and would believe that these may return true. */
#ifdef __clang_analyzer__
#define err_set(...) (err_set(__VA_ARGS__), false)
#define err_sys(...) (err_sys(__VA_ARGS__), false)
#define err_wrap(...) (err_wrap(__VA_ARGS__), false)
#endif

const char *err_code_text(enum err_code code);
int err_code_http(enum err_code code);
bool err_code_retryable(enum err_code code);
/* True when the same may go well later: retryable, or the machine's own trouble (ERR_SYSTEM). Any
 * other refusal says the same each time. */
bool err_code_temporary(enum err_code code);

#endif
