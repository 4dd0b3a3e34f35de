/* hostile_channel.c -- lies on the result channel, ways to end, state that might stay. */
#include "hostile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* ---- the channel, by hand ---- */

struct result_head { /* sandbox/wire/attempt_wire.h, as an attacker would reconstruct it */
    uint32_t type, bytes;
    int32_t status;
    uint32_t flags;
    uint64_t cpu_ns, output_refused;
    uint32_t output_bytes, output_crc, class_bytes, message_bytes;
};

static uint32_t crc32_of(const char *p, size_t len)
{
    uint32_t crc = 0xFFFFFFFF;

    for (size_t i = 0; i < len; i++) {
        crc ^= (uint8_t)p[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xEDB88320 : crc >> 1;
    }
    return ~crc;
}
static void write_result(const char *output, uint32_t claimed_bytes, uint32_t crc)
{
    struct result_head head = {.type = 20, .output_bytes = claimed_bytes, .output_crc = crc};
    struct iovec parts[2] = {{&head, sizeof head}, {(void *)output, strlen(output)}};

    head.bytes = (uint32_t)(sizeof head - 8 + strlen(output));
    (void)!writev(3, parts, 2);
}
static const char *do_partial(void)
{
    write_result("{}", 100, 0);
    _exit(0);
}
static const char *do_two_frames(void)
{
    write_result("{}", 2, crc32_of("{}", 2));
    return "a second";
}
static const char *do_huge(void)
{
    write_result("{}", 0xFFFFFFFF, 0);
    _exit(0);
}
static const char *do_bad_crc(void)
{
    write_result("{}", 2, 1);
    _exit(0);
}
static const char *do_no_head(void)
{
    (void)!write(3, "x", 1);
    _exit(0);
}
static const char *do_forged_ready(void)
{
    static const uint32_t ready[] = {16, 4, 0xFFFFFFFF};

    (void)!write(3, ready, sizeof ready);
    _exit(0);
}
static const char *do_forged_ok(void)
{
    write_result("{\"said\":\"forged\"}", 17, crc32_of("{\"said\":\"forged\"}", 17));
    _exit(0); /* a plugin may well speak for itself: it is its own result */
}
static const char *do_ok_then_crash(void)
{
    write_result("{}", 2, crc32_of("{}", 2));
    *(volatile int *)8 = 1;
    return "ended";
}
static const char *do_nothing(void)
{
    _exit(0);
}
static const char *do_exit_code(void)
{
    _exit(3);
}
static void hang(void)
{
    for (;;)
        always = 1;
}
static const char *do_atexit(void)
{
    atexit(hang);
    return "handlers not run";
}
static const char *do_exit_hang(void)
{
    atexit(hang);
    exit(0);
}
static const char *do_close(void)
{
    close(1);
    close(2);
    return "closed";
}
static const char *do_close_channel(void)
{
    close(3);
    return "closed";
}
static const char *do_abort(void)
{
    abort();
}
static const char *do_segv(void)
{
    *(volatile int *)8 = 1;
    return "ended";
}
static const char *do_trap(void)
{
    __builtin_trap();
}
static const char *do_heap(void)
{
    char *p = malloc(24);
    volatile size_t past = 24;

    for (size_t i = past; i < 4096; i++)
        p[i] = 'x';
    return "corrupted";
}
static int counter;
static const char *do_count(void)
{
    snprintf(text, sizeof text, "%d", ++counter);
    return text;
}
static const char *do_random(void)
{
    snprintf(text, sizeof text, "%d", rand());
    return text;
}
static const char *do_layout(void)
{
    snprintf(text, sizeof text, "%p %p", (void *)do_layout, (void *)malloc);
    return text;
}
static const char *do_layout_then_segv(void)
{
    const char *layout = do_layout();

    host->log(run, ORCH_LOG_INFO, (orch_bytes){layout, strlen(layout)});
    return do_segv();
}
static const char *do_seed(void)
{
    snprintf(text, sizeof text, "%02x%02x %u", ctx->seed[0], ctx->seed[31], ctx->attempt);
    return text;
}

const struct attack channel_attacks[] = {
    CASE(partial),   CASE(two_frames),
    CASE(huge),      CASE(bad_crc),
    CASE(no_head),   CASE(forged_ready),
    CASE(forged_ok), CASE(ok_then_crash),
    CASE(nothing),   CASE(exit_code),
    CASE(atexit),    CASE(exit_hang),
    CASE(close),     CASE(close_channel),
    CASE(abort),     CASE(segv),
    CASE(trap),      CASE(heap),
    CASE(count),     CASE(random),
    CASE(layout),    CASE(layout_then_segv),
    CASE(seed),      END_OF_CASES,
};
