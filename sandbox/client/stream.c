/* stream.c -- see stream.h. */
#include "sandbox/client/stream.h"

#include "base/text.h"
#include <orch/plugin.h>

#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { READ_BYTES = 16 * 1024, SPLICE_BYTES = 1 << 20 };

static const char *const names[] = {
    [STREAM_LOG] = "log", [STREAM_STDOUT] = "stdout", [STREAM_STDERR] = "stderr"};

void stream_init(struct stream *s, uint64_t bytes_max)
{
    *s = (struct stream){.limit = bytes_max, .left = bytes_max};
}

void stream_done(struct stream *s)
{
    buf_done(&s->line);
}

/* ---- marks ---- */

/* Takes text. */
static void mark(const struct speaker *speaker, struct buf *text)
{
    events_text(speaker->events, speaker->attempt, speaker->which, ORCH_LOG_WARN, text);
}

/* From here on nothing is told. */
static void cut_here(const struct speaker *speaker, bool withheld)
{
    struct stream *s = speaker->stream;
    auto_done(buf) text = {0};

    if (s->cut)
        return;
    s->cut = true;
    s->left = 0;
    if (withheld)
        buf_addf(&text, "[%s withheld: the node uses secrets]", names[speaker->which]);
    else
        buf_addf(&text, "[%s cut here: over its limit of %ju bytes]", names[speaker->which],
                 (uintmax_t)s->limit);
    mark(speaker, &text);
}

void stream_log_lost(const struct speaker *speaker, const struct attempt_log_lost *lost)
{
    struct stream *s = speaker->stream;
    auto_done(buf) text = {0};

    s->dropped += lost->bytes < UINT64_MAX - s->dropped ? lost->bytes : UINT64_MAX - s->dropped;
    if (lost->why == LOG_LOST_LIMIT)
        cut_here(speaker, false);
    if (s->cut)
        return; /* its end says how much */
    if (lost->why == LOG_LOST_LONG)
        buf_addf(&text, "[log cut here: %ju bytes more, a text has at most %d]",
                 (uintmax_t)lost->bytes, ATTEMPT_TEXT_BYTES_MAX);
    else
        buf_addf(&text, "[log cut here: %ju entries of %ju bytes lost, the host did not keep up]",
                 (uintmax_t)lost->lines, (uintmax_t)lost->bytes);
    s->left -= text.len < s->left ? text.len : s->left; /* they too are the attempt's words */
    mark(speaker, &text);
}

/* ---- entries ---- */

/* Bytes at the end that begin a character and do not finish it. */
static size_t unfinished(const char *bytes, size_t len)
{
    for (size_t back = 1; back <= 3 && back <= len; back++) {
        uint8_t c = (uint8_t)bytes[len - back];

        if (c < 0x80)
            return 0;
        if (c >= 0xC0)
            return back < (c >= 0xF0 ? 4u : c >= 0xE0 ? 3u : 2u) ? back : 0;
    }
    return 0;
}

/* ended: a line's end of one byte stood behind it. */
static void tell(const struct speaker *speaker, int32_t level, const char *text, size_t len,
                 bool ended, const char *behind)
{
    struct stream *s = speaker->stream;
    size_t kept = len < s->left ? len : (size_t)s->left, cost = len + ended;
    auto_done(buf) clean = {0};

    if (s->left == 0) {
        cut_here(speaker, false);
        s->dropped += cost;
        return;
    }
    if (kept < len)
        kept -= unfinished(text, kept);
    text_add_utf8(&clean, text, kept);
    buf_adds(&clean, behind);
    if (kept > 0 || len == 0)
        events_text(speaker->events, speaker->attempt, speaker->which, level, &clean);
    cost = cost > ATTEMPT_LOG_BYTES_MIN ? cost : ATTEMPT_LOG_BYTES_MIN;
    s->left -= cost < s->left ? cost : s->left;
    if (kept == len)
        return;
    s->dropped += len - kept + ended;
    cut_here(speaker, false);
}

void stream_log(const struct speaker *speaker, int32_t level, const char *text, size_t len)
{
    tell(speaker, level, text, len, false, "");
}

/* ---- pipes ---- */

static void tell_line(const struct speaker *speaker, const char *line, size_t len)
{
    bool carriage_return = len > 0 && line[len - 1] == '\r';

    tell(speaker, ORCH_LOG_INFO, line, len - carriage_return, true, "");
}

/* The whole lines of what has come, and the pieces of one that is too long. */
static void tell_lines(const struct speaker *speaker)
{
    struct buf *b = &speaker->stream->line;
    size_t at = 0;
    const char *end;

    for (;;) {
        size_t left = b->len - at;

        end = left > 0 ? memchr(b->data + at, '\n', left) : NULL;
        if (end != NULL && end - (b->data + at) <= STREAM_LINE_BYTES_MAX) {
            tell_line(speaker, b->data + at, (size_t)(end - (b->data + at)));
            at = (size_t)(end + 1 - b->data);
            continue;
        }
        if (left <= STREAM_LINE_BYTES_MAX)
            break;
        left = STREAM_LINE_BYTES_MAX - unfinished(b->data + at, STREAM_LINE_BYTES_MAX);
        tell(speaker, ORCH_LOG_INFO, b->data + at, left, false, ATTEMPT_LOG_GOES_ON);
        at += left;
    }
    buf_cut(b, at);
}

/* False when there is nothing more for now. */
static bool throw_away(const struct stream_pipe *pipe)
{
    struct watch *w = pipe->watch;
    ssize_t n = splice(w->fd, NULL, pipe->null_fd, NULL, SPLICE_BYTES, SPLICE_F_NONBLOCK);

    if (n == 0)
        watch_close(w);
    if (n > 0)
        *(pipe->speaker.stream != NULL ? &pipe->speaker.stream->dropped : pipe->early_bytes) +=
            (uint64_t)n;
    return n > 0;
}

/* The line that had begun goes with the rest. */
static bool throw_away_rest(const struct stream_pipe *pipe)
{
    struct stream *s = pipe->speaker.stream;

    s->dropped += s->line.len;
    buf_clear(&s->line);
    if (!throw_away(pipe))
        return false;
    cut_here(&pipe->speaker, pipe->withheld);
    return true;
}

bool stream_read(const struct stream_pipe *pipe)
{
    struct stream *s = pipe->speaker.stream;
    struct watch *w = pipe->watch;
    char bytes[READ_BYTES];
    struct iovec into = {bytes, sizeof bytes};
    ssize_t n;

    if (w->fd < 0)
        return false;
    if (s == NULL) /* of a constructor */
        return throw_away(pipe);
    if (pipe->withheld || s->cut)
        return throw_away_rest(pipe);
    /* From a pipe into memory it copies. Unlike read, it waits for nothing when it is told so. */
    n = vmsplice(w->fd, &into, 1, SPLICE_F_NONBLOCK);
    if (n == 0)
        watch_close(w);
    if (n <= 0)
        return false;
    buf_add(&s->line, bytes, (size_t)n);
    tell_lines(&pipe->speaker);
    return true;
}

void stream_end(const struct speaker *speaker)
{
    struct stream *s = speaker->stream;
    auto_done(buf) text = {0};

    if (s->line.len > 0)
        tell(speaker, ORCH_LOG_INFO, s->line.data, s->line.len, false, "");
    buf_done(&s->line);
    if (!s->cut || s->dropped == 0)
        return;
    buf_addf(&text, "[%s ends here: %ju bytes of it were dropped]", names[speaker->which],
             (uintmax_t)s->dropped);
    mark(speaker, &text);
}
