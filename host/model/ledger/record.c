/* record.c -- see record.h. */
#include "model/ledger/record.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static int text_order(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void node_record_chain_hash(struct node_record *r, struct sha256_hex *ret)
{
    auto_done(buf) text = {0};

    if (r->parent_count > 1)
        qsort(r->parent_hashes, r->parent_count, sizeof *r->parent_hashes, text_order);
    /* The four member names are already in JCS order. */
    buf_addf(&text, "{\"input_hash\":\"%s\",\"node_id\":", r->input_hash);
    buf_add_json_str(&text, r->node_id, strlen(r->node_id));
    buf_addf(&text, ",\"output_hash\":\"%s\",\"parent_hashes\":[", r->output_hash);
    for (size_t i = 0; i < r->parent_count; i++)
        buf_addf(&text, "%s\"%s\"", i > 0 ? "," : "", r->parent_hashes[i]);
    buf_adds(&text, "]}");
    *ret = sha256_hex(buf_text(&text), text.len);
}

static void set_str(json_t *object, const char *key, const char *value)
{
    json_object_set_new(object, key, value != NULL ? json_string(value) : json_null());
}

json_t *node_record_json(struct node_record *r)
{
    json_t *out = json_object(), *parents = json_array();
    struct sha256_hex hash;
    struct err e = {0};

    node_record_chain_hash(r, &hash);
    for (size_t i = 0; i < r->parent_count; i++)
        json_array_append_new(parents, json_string(r->parent_hashes[i]));
    set_str(out, "node_id", r->node_id);
    set_str(out, "agent_id", r->agent_id);
    set_str(out, "input_hash", r->input_hash);
    set_str(out, "output_hash", r->output_hash);
    json_object_set_new(out, "parent_hashes", parents);
    json_object_set_new(out, "attempt_count", json_integer(r->attempt_count));
    set_str(out, "started_at", r->started_at);
    set_str(out, "completed_at", r->completed_at);
    json_object_set_new(out, "duration_ms", json_real(r->duration_ms));
    set_str(out, "plugin", r->plugin);
    set_str(out, "plugin_digest", r->plugin_digest);
    set_str(out, "profile", r->profile);
    layer_facts_add_record(&r->sandbox, out);
    set_str(out, "chain_hash", hash.text);
    if (!jcs_sha256(out, &hash, &e))
        assert(!"a record of our own making has a canonical form");
    set_str(out, "record_hash", hash.text);
    return out;
}

void execution_chain_hash(const char *const *hashes, size_t count, struct sha256_hex *ret)
{
    auto_done(buf) text = {0};

    for (size_t i = 0; i < count; i++)
        buf_addf(&text, "%s%s", i > 0 ? ":" : "", hashes[i]);
    if (count == 0)
        buf_adds(&text, "empty");
    *ret = sha256_hex(buf_text(&text), text.len);
}

static const char *member(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

/* Compares the stored member `key` with the SHA-256 of JCS of `preimage`. */
static bool hash_is(const json_t *record, const char *key, const json_t *preimage, struct err *e)
{
    struct sha256_hex hash;

    if (!jcs_sha256(preimage, &hash, e))
        return err_wrap(e, "node '%s': %s", member(record, "node_id"), key);
    if (strcmp(hash.text, member(record, key)) != 0)
        return err_set(e, ERR_CORRUPT, "node '%s': %s is %s, its content hashes to %s",
                       member(record, "node_id"), key, member(record, key), hash.text);
    return true;
}

static bool sandbox_verify(const json_t *record, struct err *e)
{
    struct layer_facts facts;

    return layer_facts_verify(record, &facts, e) ||
           err_wrap(e, "node '%s'", member(record, "node_id"));
}

bool node_record_verify(const json_t *record, struct err *e)
{
    static const char *const chained[] = {"node_id", "input_hash", "output_hash", "parent_hashes"};
    auto_json chain = json_object();
    auto_json whole = NULL;

    if (!json_is_object(record))
        return err_set(e, ERR_CORRUPT, "a node record is not an object");
    whole = json_copy((json_t *)record);
    for (size_t i = 0; i < ARRAY_LEN(chained); i++) {
        json_t *value = json_object_get(record, chained[i]);

        if (value == NULL)
            return err_set(e, ERR_CORRUPT, "a node record has no '%s'", chained[i]);
        json_object_set(chain, chained[i], value);
    }
    json_object_del(whole, "record_hash");
    return hash_is(record, "chain_hash", chain, e) && hash_is(record, "record_hash", whole, e) &&
           sandbox_verify(record, e);
}
