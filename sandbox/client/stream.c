/* stream.c -- see stream.h. */
#include "sandbox/client/stream.h"

#include "base/text.h"
#include <orch/plugin.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { READ_BYTES = 16 * 1024, SPLICE_BYTES = 1 << 20 };

static void mark(const struct speaker *speaker, const char *why)
{
    static const char *const names[] = {"log", "stdout", "stderr"};
    auto_done(buf) text = {0};

    if (speaker->stream->marked)
        return;
    speaker->stream->marked = true;
    buf_addf(&text, "[%s %s]\n", names[speaker->which], why);
    events_text(speaker->events, speaker->attempt, speaker->which, ORCH_LOG_WARN, &text);
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

void stream_text(const struct speaker *speaker, int32_t level, const void *bytes, size_t len)
{
    struct stream *s = speaker->stream;
    auto_done(buf) raw = {0};
    auto_done(buf) clean = {0};
    size_t kept = len < s->left ? len : s->left, rest;

    s->left -= kept;
    s->dropped += len - kept;
    buf_add(&raw, s->carry, s->carry_bytes);
    buf_add(&raw, bytes, kept);
    rest = speaker->which == STREAM_LOG ? 0 : unfinished((uint8_t *)raw.data, raw.len);
    s->carry_bytes = (uint8_t)rest;
    memcpy(s->carry, raw.data + raw.len - rest, rest);
    text_add_utf8(&clean, raw.data, raw.len - rest);
    if (clean.len > 0)
        events_text(speaker->events, speaker->attempt, speaker->which, level, &clean);
    if (kept < len)
        mark(speaker, "cut here: over its limit");
}

/* False when there is nothing more for now. */
static bool throw_away(const struct stream_pipe *pipe)
{
    struct watch *w = pipe->watch;
    ssize_t n = splice(w->fd, NULL, pipe->null_fd, NULL, SPLICE_BYTES, SPLICE_F_NONBLOCK);

    if (n == 0)
        watch_close(pipe->loop, w);
    if (n > 0)
        *(pipe->speaker.stream != NULL ? &pipe->speaker.stream->dropped : pipe->early_bytes) +=
            (uint64_t)n;
    return n > 0;
}

bool stream_read(const struct stream_pipe *pipe)
{
    const struct stream *s = pipe->speaker.stream;
    struct watch *w = pipe->watch;
    char bytes[READ_BYTES];
    ssize_t n;

    if (w->fd < 0)
        return false;
    if (s == NULL) /* of a constructor */
        return throw_away(pipe);
    if (pipe->withheld || s->left == 0) {
        if (!throw_away(pipe))
            return false;
        mark(&pipe->speaker,
             pipe->withheld ? "withheld: the node uses secrets" : "cut here: over its limit");
        return true;
    }
    n = read(w->fd, bytes, sizeof bytes);
    if (n == 0)
        watch_close(pipe->loop, w);
    if (n <= 0)
        return false;
    stream_text(&pipe->speaker, ORCH_LOG_INFO, bytes, (size_t)n);
    return true;
}
