/* record.c -- see record.h. */
#include "model/ledger/record.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/names.h"
#include "base/text.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { RECORD_BYTES_USUAL = 1536 };

static int text_order(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void write_parents(struct jcs_object *o, const struct node_record *r)
{
    jcs_object_key(o, "parent_hashes");
    buf_addc(o->b, '[');
    for (size_t i = 0; i < r->parent_count; i++) {
        if (i > 0)
            buf_addc(o->b, ',');
        buf_add_json_str(o->b, r->parent_hashes[i], strlen(r->parent_hashes[i]));
    }
    buf_addc(o->b, ']');
}

void node_record_chain_hash(struct node_record *r, struct sha256_hex *ret)
{
    auto_done(buf) text = {0};
    struct jcs_object o;

    if (r->parent_count > 1)
        qsort(r->parent_hashes, r->parent_count, sizeof *r->parent_hashes, text_order);
    o = jcs_object_begin(&text);
    jcs_object_str(&o, "input_hash", r->input_hash);
    jcs_object_str(&o, "node_id", r->node_id);
    jcs_object_str(&o, "output_hash", r->output_hash);
    write_parents(&o, r);
    jcs_object_end(&o);
    *ret = sha256_hex(buf_text(&text), text.len);
}

/* Up to where the record's own hash stands. */
static struct jcs_object write_head(const struct node_record *r, const char *chain_hash,
                                    struct buf *b)
{
    struct jcs_object o = jcs_object_begin(b);

    jcs_object_str(&o, "agent_id", r->agent_id);
    jcs_object_int(&o, "attempt_count", r->attempt_count);
    jcs_object_str(&o, "chain_hash", chain_hash);
    jcs_object_str(&o, "completed_at", r->completed_at);
    jcs_object_real(&o, "duration_ms", r->duration_ms);
    jcs_object_str(&o, "input_hash", r->input_hash);
    layer_facts_write_record(&r->sandbox, &o);
    jcs_object_str(&o, "node_id", r->node_id);
    jcs_object_str(&o, "output_hash", r->output_hash);
    write_parents(&o, r);
    jcs_object_str(&o, "plugin", r->plugin);
    jcs_object_str(&o, "plugin_digest", r->plugin_digest);
    jcs_object_str(&o, "profile", r->profile);
    return o;
}

static void write_tail(struct jcs_object o, const struct node_record *r)
{
    jcs_object_str(&o, "started_at", r->started_at);
    jcs_object_end(&o);
}

void node_record_write(struct node_record *r, struct buf *b, struct node_record_hashes *ret)
{
    size_t from = b->len, head;
    struct jcs_object o;

    node_record_chain_hash(r, &ret->chain);
    buf_reserve(b, RECORD_BYTES_USUAL);
    o = write_head(r, ret->chain.text, b);
    head = b->len;
    write_tail(o, r);
    ret->record = sha256_hex(b->data + from, b->len - from);
    b->len = head;
    jcs_object_str(&o, "record_hash", ret->record.text);
    write_tail(o, r);
}

/* ---- its text, taken apart ---- */

#define PART(name)                                                                                 \
    {                                                                                              \
#name, sizeof #name - 1, offsetof(struct record_parts, name)                               \
    }
static const struct {
    const char *key;
    size_t len, at;
} parts[] = {PART(chain_hash), PART(completed_at),  PART(node_id),     PART(output_hash),
             PART(plugin),     PART(plugin_digest), PART(record_hash), PART(started_at)};
#undef PART

static struct jcs_part *part_at(struct record_parts *r, size_t i)
{
    return (struct jcs_part *)(void *)((char *)r + parts[i].at);
}

static bool is_key(struct jcs_part part, const char *key, size_t len)
{
    return part.len == len && memcmp(part.at, key, len) == 0;
}

static void take_part(struct record_parts *r, struct jcs_part key, struct jcs_part value)
{
    static const char parents[] = "parent_hashes";

    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        if (is_key(key, parts[i].key, parts[i].len)) {
            *part_at(r, i) = jcs_part_inside(value);
            return;
        }
    }
    if (!is_key(key, parents, sizeof parents - 1))
        return;
    r->parents = value;
    r->parents_at = (size_t)(key.at - 1 - r->text.at);
}

struct record_parts record_parts(const char *text)
{
    struct record_parts r = {.text = {text, strlen(text)}, .parents = {"", 0}};
    struct jcs_part key, value;

    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        *part_at(&r, i) = r.parents;
    while (jcs_next_member(&text, &key, &value))
        take_part(&r, key, value);
    return r;
}

void execution_chain_hash(const char *const *hashes, size_t count, struct sha256_hex *ret)
{
    auto_done(buf) text = {0};

    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_addc(&text, ':');
        buf_adds(&text, hashes[i]);
    }
    if (count == 0)
        buf_adds(&text, "empty");
    *ret = sha256_hex(buf_text(&text), text.len);
}

/* Compares the stored member `key` with the SHA-256 of JCS of `preimage`. */
static bool hash_is(const json_t *record, const char *key, const json_t *preimage, struct err *e)
{
    struct sha256_hex hash;

    if (!jcs_sha256(preimage, &hash, e))
        return err_wrap(e, "node '%s': %s", json_text_of(record, "node_id"), key);
    if (strcmp(hash.text, json_text_of(record, key)) != 0)
        return err_set(e, ERR_CORRUPT, "node '%s': %s is %s, its content hashes to %s",
                       json_text_of(record, "node_id"), key, json_text_of(record, key), hash.text);
    return true;
}

/* ---- a record's words ---- */

/* "id@version": the version's grammar is the manifest's, which the record does not hold. */
static bool is_plugin(const char *text)
{
    const char *at = strchr(text, '@');

    return at != NULL && name_is_id(text, (size_t)(at - text)) && at[1] >= '0' && at[1] <= '9' &&
           strpbrk(at + 1, " @/") == NULL;
}

/* What its members are when they are of a kind; NULL: what is wrong. */
static const char *fault_of(const json_t *record, struct node_record *r)
{
    const json_t *attempts = json_object_get(record, "attempt_count");
    enum profile profile;

    if (*r->node_id == '\0' || strlen(r->node_id) > NODE_ID_BYTES_MAX)
        return "node_id is no id";
    if (!name_is_id(r->agent_id, strlen(r->agent_id)))
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

/* The record's members as node_record_write takes them; the array of parents is the caller's. */
static struct node_record record_of(const json_t *record, const char **parents)
{
    const json_t *listed = json_object_get(record, "parent_hashes");
    struct node_record r = {
        .node_id = json_text_of(record, "node_id"),
        .agent_id = json_text_of(record, "agent_id"),
        .input_hash = json_text_of(record, "input_hash"),
        .output_hash = json_text_of(record, "output_hash"),
        .parent_hashes = parents,
        .parent_count = json_array_size(listed),
        .attempt_count = (uint32_t)json_integer_value(json_object_get(record, "attempt_count")),
        .started_at = json_text_of(record, "started_at"),
        .completed_at = json_text_of(record, "completed_at"),
        .duration_ms = json_number_value(json_object_get(record, "duration_ms")),
        .plugin = json_text_of(record, "plugin"),
        .plugin_digest = json_text_of(record, "plugin_digest"),
        .profile = json_text_of(record, "profile"),
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
    auto_done(buf) again = {0};
    struct node_record_hashes hashes;
    const char *fault = fault_of(record, &r);

    if (!layer_facts_verify(record, &r.sandbox, e))
        return err_wrap(e, "node '%s'", r.node_id);
    if (fault != NULL)
        return err_set(e, ERR_CORRUPT, "node '%.128s': %s", r.node_id, fault);
    node_record_write(&r, &again, &hashes);
    if (strcmp(hashes.record.text, json_text_of(record, "record_hash")) != 0)
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
