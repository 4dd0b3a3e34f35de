/* orch/host.h -- safe use of the host's tables; part of orch/sdk.h, which says how to include it.
 * Needs POSIX.1-2008: the compiler's default dialect, or _POSIX_C_SOURCE. */
#ifndef ORCH_HOST_H
#define ORCH_HOST_H

#include "orch/plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ORCH_MESSAGE_BYTES_MAX 1023u

/* View of a NUL-terminated text. */
orch_bytes orch_text(const char *text);

/* The node's input and config. */
orch_bytes orch_input(const orch_ctx *ctx);
orch_bytes orch_config(const orch_ctx *ctx);

/* An extension's table when the host has it with at least size bytes, otherwise NULL. */
const void *orch_ext(const orch_host *host, const char *id, uint32_t size);

/* The value of one of the node's secrets. */
orch_status orch_secret(const orch_host *host, orch_run *run, const char *name, orch_bytes *ret);

/* Reports the class and message and returns status: `return orch_fail(host, run, ORCH_E_INPUT,
 * "ValueError", "row %u", row)`. Longer messages are cut at ORCH_MESSAGE_BYTES_MAX. */
orch_status orch_fail(const orch_host *host, orch_run *run, orch_status status,
                      const char *error_class, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* The whole text, however long; what the host does with it is said at orch_host.log. */
void orch_log(const orch_host *host, orch_run *run, int32_t level, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Sleeps, looking at should_stop every 10 ms. ORCH_OK or ORCH_E_CANCELLED. */
orch_status orch_sleep_ms(const orch_host *host, const orch_run *run, uint64_t ms);

#ifdef __cplusplus
}
#endif

#endif

#if defined(ORCH_SDK_IMPLEMENTATION) && !defined(ORCH_HOST_IMPLEMENTED)
#define ORCH_HOST_IMPLEMENTED

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifndef CLOCK_MONOTONIC
#error "orch/host.h needs POSIX.1-2008: compile with -std=gnu11 or -D_POSIX_C_SOURCE=200809L"
#endif

orch_bytes orch_text(const char *text)
{
    orch_bytes view = {text, text != NULL ? strlen(text) : 0};
    return view;
}

orch_bytes orch_input(const orch_ctx *ctx)
{
    return ctx->n_inputs > 0 ? ctx->inputs[0] : orch_text("{}");
}

orch_bytes orch_config(const orch_ctx *ctx)
{
    return ctx->config.len > 0 ? ctx->config : orch_text("{}");
}

const void *orch_ext(const orch_host *host, const char *id, uint32_t size)
{
    const void *table = host->ext(host, id);
    uint32_t has;

    if (table == NULL)
        return NULL;
    memcpy(&has, table, sizeof has); /* every table begins with its size */
    return has >= size ? table : NULL;
}

orch_status orch_secret(const orch_host *host, orch_run *run, const char *name, orch_bytes *ret)
{
    const orch_secret_v1 *secrets =
        (const orch_secret_v1 *)orch_ext(host, ORCH_EXT_SECRET, sizeof(orch_secret_v1));

    return secrets != NULL ? secrets->get(run, name, ret) : ORCH_E_UNSUPPORTED;
}

/* Bytes of text up to most, without cutting a character in two. */
static uint64_t orch_i_cut(const char *text, uint64_t most)
{
    while (most > 0 && (text[most] & 0xC0) == 0x80)
        most--;
    return most;
}

/* out has one byte more than is told: it shows whether the cut falls into a character. */
__attribute__((format(printf, 3, 0))) static orch_bytes
orch_i_message(char *out, size_t bytes, const char *format, va_list args)
{
    int wanted = vsnprintf(out, bytes, format, args);
    orch_bytes view = {out, wanted < 0 ? 0 : (uint64_t)wanted};

    if (view.len > bytes - 2)
        view.len = orch_i_cut(out, bytes - 2);
    return view;
}

orch_status orch_fail(const orch_host *host, orch_run *run, orch_status status,
                      const char *error_class, const char *format, ...)
{
    char message[ORCH_MESSAGE_BYTES_MAX + 2];
    va_list args;

    va_start(args, format);
    host->set_error(run, error_class, orch_i_message(message, sizeof message, format, args));
    va_end(args);
    return status;
}

void orch_log(const orch_host *host, orch_run *run, int32_t level, const char *format, ...)
{
    char message[ORCH_MESSAGE_BYTES_MAX + 2];
    orch_bytes view = {message, 0};
    char *whole = NULL;
    va_list args, again;
    int wanted;

    va_start(args, format);
    va_copy(again, args);
    wanted = vsnprintf(message, sizeof message, format, args);
    va_end(args);
    if (wanted >= (int)sizeof message)
        whole = (char *)malloc((size_t)wanted + 1);
    if (whole != NULL) {
        vsnprintf(whole, (size_t)wanted + 1, format, again);
        view.ptr = whole;
        view.len = (uint64_t)wanted;
    } else if (wanted > 0) { /* what there is memory for */
        view.len = wanted < (int)sizeof message ? (uint64_t)wanted
                                                : orch_i_cut(message, sizeof message - 2);
    }
    va_end(again);
    host->log(run, level, view);
    free(whole);
}

static uint64_t orch_i_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

orch_status orch_sleep_ms(const orch_host *host, const orch_run *run, uint64_t ms)
{
    const uint64_t slice_ms = 10, start = orch_i_now_ms();
    uint64_t passed = 0;

    while (passed < ms) {
        uint64_t left = ms - passed < slice_ms ? ms - passed : slice_ms;
        struct timespec nap = {0, (long)(left * 1000000)};

        if (host->should_stop(run))
            return ORCH_E_CANCELLED;
        nanosleep(&nap, NULL);
        passed = orch_i_now_ms() - start;
    }
    return ORCH_OK;
}

#endif
