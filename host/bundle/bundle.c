/* bundle.c -- the two parts of a bundle file; see bundle.h. */
#include "bundle/bundle.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"

#include <string.h>

#define SKIPPABLE_MAGIC 0x184D2A5Bu /* RFC 8878 3.1.2: 0x184D2A50 to 0x184D2A5F are skipped */
#define ZSTD_MAGIC 0xFD2FB528u      /* RFC 8878 3.1.1 */
enum { FRAME_HEAD_BYTES = 8 };

static uint32_t le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void add_le32(struct buf *b, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        buf_addc(b, (char)(value >> (8 * i) & 0xFF));
}

bool bundle_open(const void *bytes, size_t len, struct bundle_view *ret, struct err *e)
{
    const uint8_t *p = bytes;
    uint32_t envelope_bytes;

    if (len > BUNDLE_BYTES_MAX)
        return err_set(e, ERR_TOO_LARGE, "the bundle has %zu bytes, %u are the most", len,
                       BUNDLE_BYTES_MAX);
    if (len < FRAME_HEAD_BYTES || le32(p) != SKIPPABLE_MAGIC)
        return err_set(e, ERR_INVALID, "not a bundle: it does not begin with an envelope frame");
    envelope_bytes = le32(p + 4);
    if (envelope_bytes > BUNDLE_ENVELOPE_BYTES_MAX)
        return err_set(e, ERR_TOO_LARGE, "the bundle's envelope has %u bytes, %u are the most",
                       envelope_bytes, BUNDLE_ENVELOPE_BYTES_MAX);
    p += FRAME_HEAD_BYTES;
    len -= FRAME_HEAD_BYTES;
    if (len < envelope_bytes)
        return err_set(e, ERR_INVALID, "the bundle ends inside its envelope");
    if (len - envelope_bytes < 4 || le32(p + envelope_bytes) != ZSTD_MAGIC)
        return err_set(e, ERR_INVALID, "no zstd archive follows the bundle's envelope");
    *ret = (struct bundle_view){
        .envelope = (const char *)p,
        .envelope_bytes = envelope_bytes,
        .archive = p + envelope_bytes,
        .archive_bytes = len - envelope_bytes,
    };
    return true;
}

void bundle_join(const struct bundle_view *parts, struct buf *ret)
{
    add_le32(ret, SKIPPABLE_MAGIC);
    add_le32(ret, (uint32_t)parts->envelope_bytes);
    buf_add(ret, parts->envelope, parts->envelope_bytes);
    buf_add(ret, parts->archive, parts->archive_bytes);
}

void bundle_envelope_unsigned(const void *payload, size_t len, struct buf *ret)
{
    buf_adds(ret, "{\"payload\":\"");
    text_add_base64(ret, payload, len, false);
    buf_adds(ret, "\",\"payloadType\":\"" BUNDLE_PAYLOAD_TYPE "\",\"signatures\":[]}");
}

bool bundle_payload_unverified(const struct bundle_view *view, struct buf *ret, struct err *e)
{
    static const struct json_limits limits = {BUNDLE_ENVELOPE_BYTES_MAX, 8, 0};
    const char *payload, *type;
    auto_json envelope = NULL;

    if (!json_parse(view->envelope, view->envelope_bytes, &limits, &envelope, NULL, e) ||
        !json_get_str(envelope, "payload", "", &payload, e) ||
        !json_get_str(envelope, "payloadType", "", &type, e))
        return err_wrap(e, "the bundle's envelope");
    if (strcmp(type, BUNDLE_PAYLOAD_TYPE) != 0)
        return err_set(e, ERR_INVALID, "the bundle's envelope holds '%.64s', not a manifest", type);
    if (!text_unbase64(ret, payload, strlen(payload), false, e))
        return err_wrap(e, "the bundle's envelope: payload");
    return true;
}
