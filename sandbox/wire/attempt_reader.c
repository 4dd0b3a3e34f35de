/* attempt_reader.c -- see attempt_reader.h. */
#include "sandbox/wire/attempt_reader.h"

#include "base/mem.h"

#include <string.h>

static bool is_whole(const struct attempt_packet *p, size_t n)
{
    return n >= sizeof p->head && n <= sizeof *p && p->head.bytes == n - sizeof p->head;
}

static bool take_head(const struct attempt_packet *p, void *ret, size_t bytes)
{
    if (p->head.bytes < bytes)
        return false;
    memcpy(ret, p->bytes, bytes);
    return true;
}

/* The text behind a head of head_bytes. */
static bool text_part(const struct attempt_packet *p, size_t head_bytes, size_t most,
                      struct packet_part *ret)
{
    ret->text = (const char *)p->bytes + head_bytes;
    ret->bytes = p->head.bytes - head_bytes;
    return ret->bytes <= most;
}

static enum packet_kind take_log(const struct attempt_packet *p, struct packet_part *ret)
{
    struct attempt_log log;

    if (!take_head(p, &log, sizeof log))
        return PACKET_BAD;
    ret->level = log.level;
    return text_part(p, sizeof log, ATTEMPT_LOG_BYTES_MAX, ret) ? PACKET_LOG : PACKET_BAD;
}

static enum packet_kind take_lost(const struct attempt_packet *p, struct packet_part *ret)
{
    if (p->head.bytes != sizeof ret->lost || !take_head(p, &ret->lost, sizeof ret->lost))
        return PACKET_BAD;
    return ret->lost.why >= LOG_LOST_LIMIT && ret->lost.why <= LOG_LOST_LONG ? PACKET_LOG_LOST
                                                                             : PACKET_BAD;
}

static enum packet_kind take_progress(const struct attempt_packet *p, struct packet_part *ret)
{
    struct attempt_progress progress;

    if (!take_head(p, &progress, sizeof progress))
        return PACKET_BAD;
    ret->done = progress.done;
    ret->total = progress.total;
    return text_part(p, sizeof progress, ATTEMPT_NOTE_BYTES_MAX, ret) ? PACKET_PROGRESS
                                                                      : PACKET_BAD;
}

/* The result is complete with its last byte, if they are the bytes that were announced. */
static bool add_output(struct attempt_reader *r, const uint8_t *bytes, size_t len)
{
    if (len > r->result.output_bytes - r->output.len)
        return false;
    buf_add(&r->output, bytes, len);
    r->output_crc = attempt_crc(r->output_crc, bytes, len);
    if (r->output.len < r->result.output_bytes)
        return true;
    r->complete = r->output_crc == r->result.output_crc;
    return r->complete;
}

static bool take_result(struct attempt_reader *r, const struct attempt_packet *p)
{
    struct attempt_result_head *head = &r->result;
    const uint8_t *at = p->bytes + sizeof *head;
    size_t left, texts;

    if (r->begun || !take_head(p, head, sizeof *head))
        return false;
    left = p->head.bytes - sizeof *head;
    if (head->class_bytes > ATTEMPT_CLASS_BYTES_MAX ||
        head->message_bytes > ATTEMPT_MESSAGE_BYTES_MAX || head->output_bytes > r->output_bytes_max)
        return false;
    texts = (size_t)head->class_bytes + head->message_bytes;
    if (texts > left)
        return false;
    r->begun = true;
    memcpy(r->error_class, at, head->class_bytes);
    r->message = mem_strn((const char *)at + head->class_bytes, head->message_bytes);
    return add_output(r, at + texts, left - texts);
}

enum packet_kind attempt_reader_take(struct attempt_reader *r, const struct attempt_packet *packet,
                                     size_t n, struct packet_part *ret)
{
    bool ok;

    if (!is_whole(packet, n) || (r->complete && packet->head.type != ATTEMPT_CRASHED))
        return PACKET_BAD;
    switch (packet->head.type) {
    case ATTEMPT_LOG:
        return take_log(packet, ret);
    case ATTEMPT_LOG_LOST:
        return take_lost(packet, ret);
    case ATTEMPT_CRASHED:
        return packet->head.bytes == sizeof r->crash &&
                       take_head(packet, &r->crash, sizeof r->crash)
                   ? PACKET_CRASHED
                   : PACKET_BAD;
    case ATTEMPT_PROGRESS:
        return take_progress(packet, ret);
    case ATTEMPT_HEARTBEAT:
        return packet->head.bytes == 0 ? PACKET_HEARTBEAT : PACKET_BAD;
    case ATTEMPT_RESULT:
        ok = take_result(r, packet);
        break;
    case ATTEMPT_OUTPUT:
        ok = r->begun && packet->head.bytes > 0 && add_output(r, packet->bytes, packet->head.bytes);
        break;
    default:
        ok = false;
    }
    return ok ? PACKET_RESULT : PACKET_BAD;
}

enum spare_packet attempt_spare_read(const struct attempt_packet *packet, size_t n,
                                     struct spare_part *ret)
{
    struct attempt_ready ready;

    if (!is_whole(packet, n))
        return SPARE_BAD;
    *ret = (struct spare_part){.bytes = (const char *)packet->bytes, .len = packet->head.bytes};
    switch (packet->head.type) {
    case ATTEMPT_READY:
        if (packet->head.bytes != sizeof ready || !take_head(packet, &ready, sizeof ready))
            return SPARE_BAD;
        ret->layers = ready.layers;
        return SPARE_READY;
    case ATTEMPT_LOAD_FAILED:
        return packet->head.bytes <= ERR_MSG_BYTES ? SPARE_LOAD_FAILED : SPARE_BAD;
    case ATTEMPT_ABOUT:
        return packet->head.bytes > 0 ? SPARE_ABOUT : SPARE_BAD;
    case ATTEMPT_ABOUT_END:
        return SPARE_ABOUT_END;
    default:
        return SPARE_BAD;
    }
}

void attempt_reader_done(struct attempt_reader *r)
{
    buf_done(&r->output);
    free(r->message);
    *r = (struct attempt_reader){0};
}
