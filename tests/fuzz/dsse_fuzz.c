/* dsse_fuzz.c -- whatever dsse_parse takes can be judged without harm, and is believed for nobody's
 * key; what we sign around its payload parses back to the same payload. */
#include "authority/trust/dsse.h"
#include "authority/trust/refusal.h"
#include "authority/trust/trust.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static struct key_secret *fixed_key(void)
{
    static const uint8_t seed[KEY_BYTES] = {42};

    return key_secret_from_seed(seed);
}

static void sign_again(const struct key_secret *key, const struct dsse_envelope *envelope)
{
    auto_obj(dsse_envelope) again = NULL;
    auto_done(buf) text = {0};
    struct err e = {0};
    bool good;

    dsse_sign(envelope->type, buf_text(&envelope->payload), envelope->payload.len,
              (const struct key_secret *const[]){key}, 1, &text);
    good =
        dsse_parse(text.data, text.len, &again, &e) &&
        again->payload.len == envelope->payload.len &&
        memcmp(buf_text(&again->payload), buf_text(&envelope->payload), again->payload.len) == 0 &&
        strcmp(again->type, envelope->type) == 0 &&
        dsse_signed_by(again, 0, key_secret_public(key));
    assert(good);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    auto_obj(dsse_envelope) envelope = NULL;
    auto_obj(key_secret) key = NULL;
    struct err e = {0};

    if (!dsse_parse((const char *)bytes, len, &envelope, &e)) {
        assert(refusal_of(&e) != REFUSAL_NONE);
        return 0;
    }
    key = fixed_key();
    for (unsigned i = 0; i < envelope->count; i++)
        assert(!dsse_signed_by(envelope, i, key_secret_public(key)));
    sign_again(key, envelope);
    return 0;
}
