/* names.c -- see names.h. */
#include "bridge/nats/names.h"

#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char *half_of(const struct bridge_queue *queue)
{
    return queue->express ? "express" : "regular";
}

static void add_token(struct buf *b, const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        if (isalnum(*c) || *c == '_' || *c == '-')
            buf_addc(b, (char)*c);
        else
            buf_addf(b, "%%%02X", *c);
    }
}

void nats_add_subject(struct buf *b, const char *tenant, const struct bridge_queue *queue)
{
    buf_adds(b, "orch.tasks.");
    if (tenant != NULL)
        add_token(b, tenant);
    else
        buf_addc(b, '*');
    buf_addc(b, '.');
    add_token(b, queue->lane);
    buf_addf(b, ".%s", half_of(queue));
}

void nats_add_consumer(struct buf *b, const struct bridge_queue *queue)
{
    add_token(b, queue->lane);
    buf_addf(b, "_%s", half_of(queue));
}

void nats_add_dlq_subject(struct buf *b, const char *lane)
{
    buf_adds(b, "orch.dlq.");
    add_token(b, lane);
}

/* Up to the end; false: it is no text, or too long. */
static bool read_token(const char *c, const char *end, char *ret, size_t bytes)
{
    auto_done(buf) text = {0};
    uint8_t byte;

    for (; c < end; c++) {
        if (*c == '%' && end - c > 2 && text_unhex(c + 1, 2, &byte, 1) && byte != 0) {
            buf_addc(&text, (char)byte);
            c += 2;
        } else {
            buf_addc(&text, *c);
        }
    }
    return text.len > 0 && text_utf8_valid(text.data, text.len) && text_copy(ret, bytes, text.data);
}

bool nats_tenant_of(const char *subject, char *ret, size_t bytes)
{
    static const char before[] = "orch.tasks.";
    const char *end;

    if (strncmp(subject, before, sizeof before - 1) != 0)
        return false;
    subject += sizeof before - 1;
    end = strchr(subject, '.');
    return end != NULL && read_token(subject, end, ret, bytes);
}

/* A consumer's name, up to the end. */
static bool read_consumer(const char *text, const char *end, struct bridge_queue *ret)
{
    enum { HALF = sizeof "_express" - 1 };

    if (end - text <= HALF)
        return false;
    end -= HALF;
    ret->express = strncmp(end, "_express", HALF) == 0;
    return (ret->express || strncmp(end, "_regular", HALF) == 0) &&
           read_token(text, end, ret->lane, sizeof ret->lane);
}

static bool number_of(const char *text, char end, uint64_t *ret)
{
    char *behind;

    if (!isdigit((unsigned char)*text))
        return false;
    *ret = strtoull(text, &behind, 10);
    return *behind == end && *ret < UINT64_MAX;
}

bool nats_delivery_of(const char *reply, struct nats_delivery *ret)
{
    enum { SHORT = 9, LONG = 11, MOST = 12 }; /* tokens; LONG may have one more */
    const char *token[MOST];
    unsigned count = 0;
    uint64_t deliveries;

    if (strncmp(reply, "$JS.ACK.", 8) != 0)
        return false;
    for (const char *c = reply; c != NULL && count < MOST; count++) {
        token[count] = c;
        c = strchr(c, '.');
        c = c != NULL ? c + 1 : NULL;
    }
    if (count != SHORT && count < LONG)
        return false;
    count = count == SHORT ? 4 : 6;
    if (!number_of(token[count], '.', &deliveries) || deliveries > UINT32_MAX ||
        !number_of(token[count + 1], '.', &ret->sequence) ||
        !read_consumer(token[count - 1], token[count] - 1, &ret->queue))
        return false;
    ret->deliveries = (uint32_t)deliveries;
    return ret->sequence > 0 && ret->deliveries > 0;
}

bool nats_sequence_of(const char *id, uint64_t *ret)
{
    return number_of(id, '\0', ret) && *ret > 0;
}
