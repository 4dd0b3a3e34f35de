/* say.c -- see say.h. Runs inside the attempt: a courtesy to its author, never a wall. */
#include "sandbox/worker/say.h"

#include "base/clock.h"
#include "sandbox/worker/worker.h"

#include <string.h>

/* A note or a sign of life takes this of a credit that grows with time and ends at NOTES_MAX of
 * them: what a plugin says in an inner loop is not a flood to the host. */
#define NOTE_NS (20 * 1000 * 1000LL)
enum { NOTES_MAX = 64 };

size_t say_cut(const char *text, size_t len, size_t most)
{
    if (len <= most)
        return len;
    while (most > 0 && ((uint8_t)text[most] & 0xC0) == 0x80)
        most--;
    return most;
}

void say_begin(struct say *s, const struct redactor *redactor, uint64_t log_bytes_max)
{
    *s = (struct say){
        .redactor = redactor,
        .left = log_bytes_max,
        .credit_ns = NOTES_MAX * NOTE_NS,
        .seen_ns = clock_mono_ns(),
    };
}

/* ---- packets ---- */

static size_t first_waiting(const struct say *s, size_t at, struct attempt_head *ret)
{
    memcpy(ret, s->waiting.data + at, sizeof *ret);
    return at + sizeof *ret;
}

typedef bool write_fn(enum attempt_message type, const void *head, size_t head_bytes,
                      const void *tail, size_t tail_bytes);

/* False when one could not be written: it and what is behind it wait on. */
static bool write_waiting(struct say *s, write_fn *write)
{
    struct attempt_head head;
    size_t at = 0;

    while (at < s->waiting.len) {
        size_t body = first_waiting(s, at, &head);

        if (!write(head.type, s->waiting.data + body, head.bytes, NULL, 0))
            break;
        at = body + head.bytes;
        s->stalled = false;
    }
    buf_cut(&s->waiting, at);
    return s->waiting.len == 0;
}

void say_flush(struct say *s)
{
    (void)write_waiting(s, channel_try_write);
}

/* True when a packet can be written behind all that waits. */
static bool host_reads(struct say *s)
{
    say_flush(s);
    if (s->waiting.len == 0 && channel_writable(0)) {
        s->stalled = false;
        return true;
    }
    if (s->stalled || !channel_writable(SAY_WAIT_MS)) {
        s->stalled = true;
        return false;
    }
    say_flush(s);
    return s->waiting.len == 0 && channel_writable(0);
}

/* False when there is no room: it is for the caller to count. */
static bool put_packet(struct say *s, enum attempt_message type, const void *head,
                       size_t head_bytes, const void *text, size_t len, size_t waiting_max)
{
    struct attempt_head packet = {type, (uint32_t)(head_bytes + len)};

    if (host_reads(s))
        return channel_write(type, head, head_bytes, text, len);
    if (s->waiting.len + sizeof packet + packet.bytes > waiting_max)
        return false;
    buf_add(&s->waiting, &packet, sizeof packet);
    buf_add(&s->waiting, head, head_bytes);
    buf_add(&s->waiting, text, len);
    return true;
}

/* ---- the log ---- */

/* One that tells of a loss may wait beyond the limit: the budget bounds how many there are. */
static void tell_lost(struct say *s)
{
    struct attempt_log_lost lost = s->lost;

    s->lost = (struct attempt_log_lost){0};
    put_packet(s, ATTEMPT_LOG_LOST, &lost, sizeof lost, NULL, 0, SIZE_MAX);
}

static void lose(struct say *s, enum log_lost why, uint64_t bytes)
{
    if (s->lost.why != 0 && s->lost.why != why)
        tell_lost(s);
    s->lost.why = why;
    s->lost.lines++;
    s->lost.bytes += bytes;
}

static void close_log(struct say *s)
{
    struct attempt_log_lost here = {.why = LOG_LOST_LIMIT};

    if (s->lost.why != 0)
        tell_lost(s);
    s->closed = true;
    put_packet(s, ATTEMPT_LOG_LOST, &here, sizeof here, NULL, 0, SIZE_MAX);
}

/* Not before there is room for what is told of the loss and the entry behind it. */
static bool send_entry(struct say *s, int32_t level, const char *text, size_t len)
{
    struct attempt_log head = {level, 0};

    if (s->lost.why != 0) {
        if (!host_reads(s) && s->waiting.len + len + sizeof s->lost > SAY_WAITING_BYTES_MAX - 64)
            return false;
        tell_lost(s);
    }
    return put_packet(s, ATTEMPT_LOG, &head, sizeof head, text, len, SAY_WAITING_BYTES_MAX);
}

/* One entry, from the beginning of text: how much of it that was. */
static size_t say_entry(struct say *s, int32_t level, const char *text, size_t len)
{
    static const char goes_on[] = ATTEMPT_LOG_GOES_ON;
    const size_t piece = ATTEMPT_LOG_BYTES_MAX - (sizeof goes_on - 1);
    size_t want = len <= ATTEMPT_LOG_BYTES_MAX ? len : say_cut(text, len, piece);
    size_t kept = say_cut(text, want, s->left < want ? (size_t)s->left : want);
    uint64_t cost = kept > ATTEMPT_LOG_BYTES_MIN ? kept : ATTEMPT_LOG_BYTES_MIN;
    auto_done(buf) b = {0};

    buf_add(&b, text, kept);
    if (kept == want && kept < len)
        buf_adds(&b, goes_on);
    s->left -= cost < s->left ? cost : s->left;
    if (!send_entry(s, level, b.data, b.len))
        lose(s, LOG_LOST_ROOM, kept);
    if (kept < want)
        s->left = 0;
    return kept;
}

void say_log(struct say *s, int32_t level, const char *text, size_t len)
{
    auto_done(buf) b = {0};
    size_t taken, kept, at = 0;

    if (s->closed) {
        lose(s, LOG_LOST_LIMIT, len);
        return;
    }
    taken = redact_copy(s->redactor, text, len, ATTEMPT_TEXT_BYTES_MAX, &b);
    kept = say_cut(b.data, b.len, ATTEMPT_TEXT_BYTES_MAX);
    do {
        if (s->left == 0) {
            close_log(s);
            lose(s, LOG_LOST_LIMIT, b.len - at + len - taken);
            return;
        }
        at += say_entry(s, level, b.data + at, kept - at);
    } while (at < kept);
    if (taken < len || kept < b.len) {
        lose(s, LOG_LOST_LONG, b.len - kept + len - taken);
        tell_lost(s);
    }
}

/* ---- notes and signs of life ---- */

static bool note_due(struct say *s)
{
    int64_t now = clock_mono_ns();

    s->credit_ns += now - s->seen_ns;
    s->credit_ns = s->credit_ns < NOTES_MAX * NOTE_NS ? s->credit_ns : NOTES_MAX * NOTE_NS;
    s->seen_ns = now;
    return s->credit_ns >= NOTE_NS;
}

static void send_note(struct say *s)
{
    if (s->waiting.len > 0 || !channel_try_write(ATTEMPT_PROGRESS, &s->progress, sizeof s->progress,
                                                 s->note.data, s->note.len))
        return;
    s->note_waits = false;
    s->credit_ns -= NOTE_NS;
}

void say_progress(struct say *s, const struct attempt_progress *progress, const char *note,
                  size_t len)
{
    s->progress = *progress;
    buf_clear(&s->note);
    redact_copy(s->redactor, note, len, ATTEMPT_NOTE_BYTES_MAX, &s->note);
    s->note.len = say_cut(s->note.data, s->note.len, ATTEMPT_NOTE_BYTES_MAX);
    s->note_waits = true;
    say_flush(s);
    if (note_due(s))
        send_note(s);
}

void say_heartbeat(struct say *s)
{
    say_flush(s);
    if (!note_due(s))
        return;
    if (s->note_waits)
        send_note(s);
    else if (s->waiting.len == 0 && channel_try_write(ATTEMPT_HEARTBEAT, NULL, 0, NULL, 0))
        s->credit_ns -= NOTE_NS;
}

/* ---- the end ---- */

void say_finish(struct say *s)
{
    if (!write_waiting(s, channel_write))
        return;
    if (s->lost.why != 0)
        channel_write(ATTEMPT_LOG_LOST, &s->lost, sizeof s->lost, NULL, 0);
    s->lost = (struct attempt_log_lost){0};
    if (s->note_waits)
        channel_write(ATTEMPT_PROGRESS, &s->progress, sizeof s->progress, s->note.data,
                      s->note.len);
    s->note_waits = false;
}
