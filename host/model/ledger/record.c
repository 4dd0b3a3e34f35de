/* record.c -- see record.h. */
#include "model/ledger/record.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/text.h"

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

/* ---- a record's words ---- */

#define ID_CHARS "abcdefghijklmnopqrstuvwxyz0123456789._-"

static bool is_id(const char *text, size_t len)
{
    return len > 0 && len < AGENT_ID_BYTES_MAX && strspn(text, ID_CHARS) >= len;
}

/* "id@version": the version's grammar is the manifest's, which the record does not hold. */
static bool is_plugin(const char *text)
{
    const char *at = strchr(text, '@');

    return at != NULL && is_id(text, (size_t)(at - text)) && at[1] >= '0' && at[1] <= '9' &&
           strpbrk(at + 1, " @/") == NULL;
}

/* What its members are when they are of a kind; NULL: what is wrong. */
static const char *fault_of(const json_t *record, struct node_record *r)
{
    const json_t *attempts = json_object_get(record, "attempt_count");
    enum profile profile;

    if (*r->node_id == '\0' || strlen(r->node_id) > NODE_ID_BYTES_MAX)
        return "node_id is no id";
    if (!is_id(r->agent_id, strlen(r->agent_id)))
        return "agent_id is no id";
    if (!text_is_sha256(r->input_hash) || !text_is_sha256(r->output_hash))
        return "an input or output hash is no SHA-256";
    if (!json_is_integer(attempts) || json_integer_value(attempts) < 1 ||
        json_integer_value(attempts) > UINT32_MAX)
        return "attempt_count is no number of attempts";
    if (!json_is_number(json_object_get(record, "duration_ms")))
        return "duration_ms is no number";
    if (!is_plugin(r->plugin) || !text_is_sha256(r->plugin_digest))
        return "plugin is no plugin with its digest";
    return profile_parse(r->profile, &profile) ? NULL : "profile is no word that is known";
}

/* The record's members as node_record_json takes them; the array of parents is the caller's. */
static struct node_record record_of(const json_t *record, const char **parents)
{
    const json_t *listed = json_object_get(record, "parent_hashes");
    struct node_record r = {
        .node_id = member(record, "node_id"),
        .agent_id = member(record, "agent_id"),
        .input_hash = member(record, "input_hash"),
        .output_hash = member(record, "output_hash"),
        .parent_hashes = parents,
        .parent_count = json_array_size(listed),
        .attempt_count = (uint32_t)json_integer_value(json_object_get(record, "attempt_count")),
        .started_at = member(record, "started_at"),
        .completed_at = member(record, "completed_at"),
        .duration_ms = json_number_value(json_object_get(record, "duration_ms")),
        .plugin = member(record, "plugin"),
        .plugin_digest = member(record, "plugin_digest"),
        .profile = member(record, "profile"),
    };

    for (size_t i = 0; i < r.parent_count; i++) {
        const char *hash = json_string_value(json_array_get(listed, i));

        parents[i] = hash != NULL ? hash : "";
    }
    return r;
}

/* Its words, and that it is the one that they make: both hashes are already those of its members,
 * so the same hash is the same record. */
static bool words_verify(const json_t *record, struct err *e)
{
    size_t count = json_array_size(json_object_get(record, "parent_hashes"));
    auto_mem const char **parents = mem_array(count, const char *);
    struct node_record r = record_of(record, parents);
    auto_json again = NULL;
    const char *fault = fault_of(record, &r);

    if (!layer_facts_verify(record, &r.sandbox, e))
        return err_wrap(e, "node '%s'", r.node_id);
    if (fault != NULL)
        return err_set(e, ERR_CORRUPT, "node '%.128s': %s", r.node_id, fault);
    again = node_record_json(&r);
    if (strcmp(member(again, "record_hash"), member(record, "record_hash")) != 0)
        return err_set(e, ERR_CORRUPT, "node '%s': its record is not the one of its members",
                       r.node_id);
    return true;
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
           words_verify(record, e);
}
