/* err.c -- see err.h. */
#include "base/err.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *text;
    int http;
    bool retry;
} err_table[ERR_CODE_COUNT] = {[ERR_NONE] = {"ok", 200, false},
#define XX(code, text, http, retry) [ERR_##code] = {text, http, retry},
                               ERR_MAP(XX)
#undef XX
};

const char *err_code_text(enum err_code code)
{
    assert(code < ERR_CODE_COUNT);
    return err_table[code].text;
}

int err_code_http(enum err_code code)
{
    assert(code < ERR_CODE_COUNT);
    return err_table[code].http;
}

bool err_code_retryable(enum err_code code)
{
    assert(code < ERR_CODE_COUNT);
    return err_table[code].retry;
}

bool err_code_temporary(enum err_code code)
{
    return err_code_retryable(code) || code == ERR_SYSTEM;
}

bool(err_set)(struct err *e, enum err_code code, const char *fmt, ...)
{
    va_list args;

    assert(code > ERR_NONE && code < ERR_CODE_COUNT);
    if (e == NULL)
        return false;
    e->code = code;
    e->sys_errno = 0;
    va_start(args, fmt);
    vsnprintf(e->msg, sizeof e->msg, fmt, args);
    va_end(args);
    return false;
}

static enum err_code code_of_errno(int number)
{
    switch (number) {
    case ENOENT:
        return ERR_NOT_FOUND;
    case EACCES:
    case EPERM:
        return ERR_DENIED;
    case EEXIST:
        return ERR_CONFLICT;
    case ETIMEDOUT:
        return ERR_TIMEOUT;
    case ECONNREFUSED:
    case ECONNRESET:
    case EPIPE:
    case EAGAIN:
        return ERR_UNAVAILABLE;
    case EMFILE:
    case ENFILE:
    case ENOSPC:
    case ENOMEM:
        return ERR_LIMIT;
    default:
        return ERR_SYSTEM;
    }
}

bool(err_sys)(struct err *e, const char *fmt, ...)
{
    int number = errno;
    va_list args;
    size_t used;

    if (e == NULL)
        return false;
    e->code = code_of_errno(number);
    e->sys_errno = number;
    va_start(args, fmt);
    vsnprintf(e->msg, sizeof e->msg, fmt, args);
    va_end(args);
    used = strlen(e->msg);
    snprintf(e->msg + used, sizeof e->msg - used, ": %s", strerror(number));
    return false;
}

bool(err_wrap)(struct err *e, const char *fmt, ...)
{
    char inner[ERR_MSG_BYTES];
    va_list args;
    size_t used;

    if (e == NULL)
        return false;
    memcpy(inner, e->msg, sizeof inner);
    va_start(args, fmt);
    vsnprintf(e->msg, sizeof e->msg, fmt, args);
    va_end(args);
    used = strlen(e->msg);
    snprintf(e->msg + used, sizeof e->msg - used, ": %s", inner);
    return false;
}
