/* trust_fuzz.c -- bytes as a trust entry, and as a manifest judged by a fixed entry. */
#include "authority/trust/refusal.h"
#include "authority/trust/trust.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void judge_manifest(const uint8_t *bytes, size_t len)
{
    static const char text[] =
        "{\"name\":\"n\",\"public_key\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\","
        "\"roles\":[\"publisher\"],\"plugins\":[\"*\"],\"agents\":[\"*.*\"],\"network\":[\"*."
        "example:443\"],"
        "\"min_versions\":{\"hello\":\"1.2.0-rc.1\"}}";
    auto_obj(trust) trust = trust_new();
    const struct trust_entry *entry;
    struct err e = {0};
    bool added = trust_add(trust, text, sizeof text - 1, &entry, &e);

    assert(added);
    if (!trust_grant(entry, bytes, len, "00", &e))
        assert(refusal_of(&e) != REFUSAL_NONE);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    auto_obj(trust) trust = trust_new();
    const struct trust_entry *entry;
    struct err e = {0};

    if (trust_add(trust, (const char *)bytes, len, &entry, &e))
        assert(trust_find(trust, entry->key_id.text) == entry && entry->name[0] != '\0');
    judge_manifest(bytes, len);
    return 0;
}
