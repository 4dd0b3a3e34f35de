/* stream.c -- what attempts say beside their result: log texts, stdout, stderr. Capped by
 * bytes, valid UTF-8 when it leaves here, never kept. What is over the cap is thrown away inside
 * the kernel and counted; with secrets stdout and stderr are thrown away whole, since nobody
 * redacted them. */
#include "base/text.h"
#include "sandbox/client/internal.h"
#include <orch/plugin.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { READ_BYTES = 16 * 1024, SPLICE_BYTES = 1 << 20, READS_A_TURN = 8 };

static void deliver(struct sandbox *sb, struct attempt *a, enum attempt_stream which, int32_t level,
                    const char *text, size_t len)
{
    if (sb->events.on_attempt_log != NULL && len > 0)
        sb->events.on_attempt_log(sb->arg, a->id, which, level, text, len);
}

static void mark(struct sandbox *sb, struct attempt *a, enum attempt_stream which, const char *why)
{
    static const char *const names[] = {"log", "stdout", "stderr"};
    char text[128];
    int n;

    if (a->streams[which].marked)
        return;
    a->streams[which].marked = true;
    n = snprintf(text, sizeof text, "[%s %s]\n", names[which], why);
    deliver(sb, a, which, ORCH_LOG_WARN, text, (size_t)n);
}

/* Bytes at the end that begin a character and do not finish it. */
static size_t unfinished(const uint8_t *bytes, size_t len)
{
    for (size_t back = 1; back <= 3 && back <= len; back++) {
        uint8_t c = bytes[len - back];

        if (c < 0x80)
            return 0;
        if (c >= 0xC0)
            return back < (c >= 0xF0 ? 4u : c >= 0xE0 ? 3u : 2u) ? back : 0;
    }
    return 0;
}

void stream_text(struct sandbox *sb, struct attempt *a, enum attempt_stream which, int32_t level,
                 const void *bytes, size_t len)
{
    struct stream *s = &a->streams[which];
    auto_done(buf) raw = {0};
    auto_done(buf) clean = {0};
    size_t kept = len < s->left ? len : s->left, rest;

    s->left -= kept;
    s->dropped += len - kept;
    buf_add(&raw, s->carry, s->carry_bytes);
    buf_add(&raw, bytes, kept);
    rest = which == STREAM_LOG ? 0 : unfinished((uint8_t *)raw.data, raw.len);
    s->carry_bytes = (uint8_t)rest;
    memcpy(s->carry, raw.data + raw.len - rest, rest);
    text_add_utf8(&clean, raw.data, raw.len - rest);
    deliver(sb, a, which, level, clean.data, clean.len);
    if (kept < len)
        mark(sb, a, which, "cut here: over its limit");
}

/* False when there is nothing more for now. */
static bool throw_away(struct sandbox *sb, struct slot *slot, struct watch *w, struct stream *s)
{
    ssize_t n = splice(w->fd, NULL, sb->null_fd, NULL, SPLICE_BYTES, SPLICE_F_NONBLOCK);

    (void)slot;
    if (n == 0)
        watch_close(sb, w);
    if (n > 0 && s != NULL)
        s->dropped += (uint64_t)n;
    return n > 0;
}

static bool read_stream(struct sandbox *sb, struct slot *slot, struct watch *w)
{
    enum attempt_stream which = w == &slot->out ? STREAM_STDOUT : STREAM_STDERR;
    struct attempt *a = slot->attempt;
    struct stream *s = a != NULL ? &a->streams[which] : NULL;
    char bytes[READ_BYTES];
    ssize_t n;

    if (w->fd < 0)
        return false;
    if (a == NULL) /* the zygote's constructors left something in stdio */
        return throw_away(sb, slot, w, NULL);
    if (slot->pool->has_secrets) {
        if (!throw_away(sb, slot, w, s))
            return false;
        mark(sb, a, which, "withheld: the node uses secrets");
        return true;
    }
    if (s->left == 0) {
        if (!throw_away(sb, slot, w, s))
            return false;
        mark(sb, a, which, "cut here: over its limit");
        return true;
    }
    n = read(w->fd, bytes, sizeof bytes);
    if (n == 0)
        watch_close(sb, w);
    if (n <= 0)
        return false;
    stream_text(sb, a, which, ORCH_LOG_INFO, bytes, (size_t)n);
    return true;
}

void stream_ready_fd(struct sandbox *sb, struct watch *w, uint32_t events)
{
    struct slot *slot = w->owner;

    (void)events;
    for (int i = 0; i < READS_A_TURN; i++)
        if (!read_stream(sb, slot, w))
            return;
}

/* The process is gone; what is left fits into two pipes. */
void stream_drain(struct sandbox *sb, struct slot *slot)
{
    while (read_stream(sb, slot, &slot->out))
        ;
    while (read_stream(sb, slot, &slot->err))
        ;
}
