/* dsse.c -- see dsse.h. */
#include "authority/trust/dsse.h"

#include "authority/trust/refusal.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"

#include <assert.h>
#include <string.h>

void dsse_envelope_free(struct dsse_envelope *envelope)
{
    if (envelope == NULL)
        return;
    buf_done(&envelope->payload);
    free(envelope);
}

void dsse_pae(const char *type, const void *payload, size_t len, struct buf *b)
{
    buf_reserve(b, len + DSSE_TYPE_BYTES_MAX + 64);
    buf_addf(b, "DSSEv1 %zu %s %zu ", strlen(type), type, len);
    buf_add(b, payload, len);
}

/* "Signers may use either alphabet, and verifiers MUST accept either" (protocol.md). */
static bool decode(const json_t *text, struct buf *b)
{
    const char *p = json_string_value(text);
    size_t len = json_string_length(text);

    if (text_unbase64(b, p, len, false, NULL))
        return true;
    while (len > 0 && p[len - 1] == '=')
        len--;
    return text_unbase64(b, p, len, true, NULL);
}

static bool malformed(struct err *e, const char *why)
{
    return refuse(e, REFUSAL_ENVELOPE_MALFORMED, "%s", why);
}

static bool parse_signature(const json_t *json, struct dsse_signature *ret, struct err *e)
{
    const json_t *sig = json_object_get(json, "sig");
    const char *hint;
    auto_done(buf) bytes = {0};

    if (!json_get_str(json, "keyid", "", &hint, NULL) ||
        !text_copy(ret->key_id, sizeof ret->key_id, hint))
        return malformed(e, "keyid is not a short text");
    if (!json_is_string(sig) || !decode(sig, &bytes))
        return malformed(e, "sig is missing or not base64");
    ret->ed25519 = bytes.len == SIGNATURE_BYTES;
    if (ret->ed25519)
        memcpy(ret->bytes, bytes.data, SIGNATURE_BYTES);
    return true;
}

static bool parse_signatures(const json_t *list, struct dsse_envelope *envelope, struct err *e)
{
    const json_t *item;
    size_t i;

    if (!json_is_array(list))
        return malformed(e, "signatures is missing or not an array");
    if (json_array_size(list) == 0)
        return refuse(e, REFUSAL_UNSIGNED, "the envelope has no signature");
    if (json_array_size(list) > DSSE_SIGNATURES_MAX)
        return malformed(e, "too many signatures");
    json_array_foreach(list, i, item)
    {
        if (!json_is_object(item))
            return malformed(e, "a signature is not an object");
        if (!parse_signature(item, &envelope->signatures[i], e))
            return false;
    }
    envelope->count = (unsigned)json_array_size(list);
    return true;
}

static bool parse_type(const json_t *type, struct dsse_envelope *envelope, struct err *e)
{
    if (!json_is_string(type) || json_string_length(type) == 0 ||
        !text_copy(envelope->type, sizeof envelope->type, json_string_value(type)))
        return malformed(e, "payloadType is missing or not a short text");
    return true;
}

bool dsse_parse(const char *text, size_t len, struct dsse_envelope **ret, struct err *e)
{
    static const struct json_limits limits = {DSSE_ENVELOPE_BYTES_MAX, 32, JSON_VALUES_MAX};
    auto_obj(dsse_envelope) envelope = mem_new(struct dsse_envelope);
    auto_json json = NULL;
    struct err why = {0};
    const json_t *payload;

    if (!json_parse(text, len, &limits, &json, NULL, &why))
        return malformed(e, why.msg);
    if (!json_is_object(json))
        return malformed(e, "not a JSON object");
    payload = json_object_get(json, "payload");
    if (!json_is_string(payload) || !decode(payload, &envelope->payload))
        return malformed(e, "payload is missing or not base64");
    if (envelope->payload.len > DSSE_PAYLOAD_BYTES_MAX)
        return malformed(e, "the payload is too large");
    if (!parse_type(json_object_get(json, "payloadType"), envelope, e) ||
        !parse_signatures(json_object_get(json, "signatures"), envelope, e))
        return false;
    *ret = take(envelope);
    return true;
}

void dsse_sign(const char *type, const void *payload, size_t len,
               const struct key_secret *const *keys, unsigned count, struct buf *ret)
{
    auto_done(buf) pae = {0};

    assert(strlen(type) <= DSSE_TYPE_BYTES_MAX && len <= DSSE_PAYLOAD_BYTES_MAX);
    assert(count >= 1 && count <= DSSE_SIGNATURES_MAX);
    dsse_pae(type, payload, len, &pae);
    buf_adds(ret, "{\"payload\":\"");
    text_add_base64(ret, payload, len, false);
    buf_adds(ret, "\",\"payloadType\":");
    buf_add_json_str(ret, type, strlen(type));
    buf_adds(ret, ",\"signatures\":[");
    for (unsigned i = 0; i < count; i++) {
        uint8_t signature[SIGNATURE_BYTES];

        key_sign(keys[i], pae.data, pae.len, signature);
        buf_addf(ret, "%s{\"keyid\":\"%s\",\"sig\":\"", i > 0 ? "," : "",
                 key_id(key_secret_public(keys[i])).text);
        text_add_base64(ret, signature, sizeof signature, false);
        buf_adds(ret, "\"}");
    }
    buf_adds(ret, "]}");
}

bool dsse_signed_by(const struct dsse_envelope *envelope, unsigned index,
                    const struct key_public *key)
{
    auto_done(buf) pae = {0};

    assert(index < envelope->count);
    if (!envelope->signatures[index].ed25519)
        return false;
    dsse_pae(envelope->type, buf_text(&envelope->payload), envelope->payload.len, &pae);
    return key_verify(key, pae.data, pae.len, envelope->signatures[index].bytes);
}
