/* lies.c -- see lies.h. */
#include "lies.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define SECOND_US 1000000

static json_t *time_moved(const char *text, enum how how)
{
    char moved[CLOCK_TEXT_BYTES];
    int64_t us;

    if (!clock_parse(text, &us))
        return NULL;
    clock_text(us + (how == LESS ? -SECOND_US : how == MORE ? SECOND_US : 1), moved);
    return json_string(moved);
}

/* The next word of the list behind this one; NULL: it is in none. */
static const char *next_word(const char *text)
{
    static const char *const lists[][5] = {
        {"completed", "failed", "cancelled", "completed", NULL},
        {"skipped", "pending", "failed", "skipped", NULL},
        {"pure", "files", "net", "pure", NULL},
        {"cold", "exec", "warm", "cold", NULL},
    };

    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        for (size_t k = 0; lists[i][k] != NULL && lists[i][k + 1] != NULL; k++) {
            if (strcmp(lists[i][k], text) == 0)
                return lists[i][k + 1];
        }
    }
    return NULL;
}

static json_t *text_changed(const char *text, enum how how)
{
    auto_done(buf) b = {0};
    const char *word = next_word(text);
    size_t len = strlen(text);
    json_t *moved = time_moved(text, how);

    if (moved != NULL)
        return moved;
    if (how == OTHER && word != NULL)
        return json_string(word);
    buf_add(&b, text, how == LESS && len > 0 ? len - 1 : len);
    if (how == MORE)
        buf_addc(&b, 'x');
    else if (how == OTHER && len > 0)
        b.data[len - 1] = b.data[len - 1] == '0' ? '1' : '0';
    return json_string(buf_text(&b));
}

static json_t *number_changed(const json_t *value, enum how how)
{
    double step = how == MORE ? 1e9 : how == LESS ? -1e9 : 1;

    if (json_is_integer(value))
        return json_integer(json_integer_value(value) + (json_int_t)step);
    return json_real(json_real_value(value) + step);
}

static json_t *emptied(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return json_object();
    case JSON_ARRAY:
        return json_array();
    case JSON_STRING:
        return json_string("");
    default:
        return json_null();
    }
}

/* NULL: this value has no such change. */
static json_t *changed(const json_t *value, enum how how)
{
    if (how == EMPTY)
        return emptied(value);
    if (how == KIND)
        return json_is_string(value) ? json_integer(1) : json_string("1");
    if (json_is_string(value))
        return text_changed(json_string_value(value), how);
    if (json_is_boolean(value))
        return how == OTHER ? json_boolean(!json_is_true(value)) : NULL;
    return json_is_number(value) ? number_changed(value, how) : NULL;
}

/* ---- places in a statement ---- */

/* What holds the last part of the path, which is left in *ret_last. */
static json_t *holder(json_t *statement, char *path, const char **ret_last)
{
    json_t *here = statement;
    char *part = path + 1, *next;

    for (; (next = strchr(part, '/')) != NULL; part = next + 1) {
        *next = '\0';
        here = json_is_array(here) ? json_array_get(here, (size_t)atoi(part))
                                   : json_object_get(here, part);
    }
    *ret_last = part;
    return here;
}

/* false: the change is none there. */
static bool array_changed(json_t *list, size_t at, enum how how)
{
    json_t *value = json_array_get(list, at), *other;

    if (how == GONE)
        return json_array_remove(list, at) == 0;
    if (how == TWICE)
        return json_array_insert_new(list, at, json_deep_copy(value)) == 0;
    other = changed(value, how);
    return other != NULL && json_array_set_new(list, at, other) == 0;
}

static bool object_changed(json_t *object, const char *key, enum how how)
{
    json_t *value = json_object_get(object, key), *other;

    if (how == GONE)
        return json_object_del(object, key) == 0;
    if (how == TWICE)
        return json_is_object(value) && json_object_set_new(value, "zz", json_string("more")) == 0;
    other = changed(value, how);
    return other != NULL && json_object_set_new(object, key, other) == 0;
}

bool lie_tell(json_t *statement, const char *path, enum how how)
{
    auto_mem char *text = mem_str(path);
    const char *last;
    json_t *in = holder(statement, text, &last);

    return json_is_array(in) ? array_changed(in, (size_t)atoi(last), how)
                             : object_changed(in, last, how);
}

void lie_add_paths(const json_t *here, const char *path, json_t *all)
{
    const char *key;
    json_t *value;
    size_t i;

    if (*path != '\0')
        json_array_append_new(all, json_string(path));
    json_object_foreach((json_t *)here, key, value)
    {
        auto_mem char *at = mem_printf("%s/%s", path, key);

        lie_add_paths(value, at, all);
    }
    json_array_foreach(here, i, value)
    {
        auto_mem char *at = mem_printf("%s/%zu", path, i);

        lie_add_paths(value, at, all);
    }
}

/* ---- a lie that is told with care ---- */

json_t *lie_at(json_t *statement, const char *path)
{
    auto_mem char *text = mem_str(path);
    const char *last;
    json_t *in = holder(statement, text, &last);

    return json_object_get(in, last);
}

static const char *text_in(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

static void set_hash(json_t *object, const char *key, const json_t *of)
{
    struct sha256_hex hash;
    struct err e = {0};

    if (jcs_sha256(of, &hash, &e))
        json_object_set_new(object, key, json_string(hash.text));
}

static int text_order(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static json_t *hashes_of(const json_t *byproducts, const json_t *parents)
{
    size_t count = json_array_size(parents);
    auto_mem const char **texts = mem_array(count, const char *);
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++) {
        size_t place = (size_t)json_integer_value(json_array_get(parents, i));

        texts[i] = text_in(json_object_get(json_array_get(byproducts, place), "annotations"),
                           "chain_hash");
    }
    qsort(texts, count, sizeof *texts, text_order);
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_string(texts[i]));
    return list;
}

static void record_anew(const json_t *byproducts, json_t *record)
{
    static const char *const chained[] = {"node_id", "input_hash", "output_hash"};
    auto_json parents = hashes_of(byproducts, json_object_get(record, "parents"));
    auto_json chain = json_object();
    auto_json whole = NULL;

    for (size_t i = 0; i < ARRAY_LEN(chained); i++)
        json_object_set(chain, chained[i], json_object_get(record, chained[i]));
    json_object_set(chain, "parent_hashes", parents);
    set_hash(record, "chain_hash", chain);
    whole = json_copy(record);
    json_object_del(whole, "parents");
    json_object_del(whole, "record_hash");
    json_object_set(whole, "parent_hashes", parents);
    set_hash(record, "record_hash", whole);
}

static json_t *named(const char *key, const char *prefix, const char *name, const char *hash)
{
    return json_pack("{s:s+, s:{s:s}}", key, prefix, name, "digest", "sha256", hash);
}

static void materials_anew(json_t *statement, const json_t *byproducts)
{
    const json_t *external = lie_at(statement, BUILD "/externalParameters");
    auto_mem char *dag =
        mem_printf("%s@%s", text_in(external, "dagId"), text_in(external, "dagVersion"));
    auto_json seen = json_object();
    json_t *all = json_array();
    const json_t *entry;
    size_t i;

    json_array_append_new(all, named("uri", "orch:dag/", dag, text_in(external, "definitionHash")));
    json_array_foreach(byproducts, i, entry)
    {
        const json_t *record = json_object_get(entry, "annotations");
        const char *plugin = text_in(record, "plugin"), *digest = text_in(record, "plugin_digest");
        auto_mem char *key = mem_printf("%s %s", plugin, digest);

        if (json_object_get(seen, key) == NULL)
            json_array_append_new(all, named("uri", "orch:plugin/", plugin, digest));
        json_object_set_new(seen, key, json_true());
    }
    json_object_set_new(lie_at(statement, BUILD), "resolvedDependencies", all);
}

void lie_with_care(json_t *statement)
{
    json_t *byproducts = lie_at(statement, DETAILS "/byproducts"), *entry;
    auto_done(buf) chain = {0};
    json_t *subjects = json_array();
    size_t i;

    json_array_append_new(subjects, json_null());
    json_array_foreach(byproducts, i, entry)
    {
        json_t *record = json_object_get(entry, "annotations");

        if (!json_is_object(record))
            continue;
        record_anew(byproducts, record);
        json_object_set_new(entry, "digest",
                            json_pack("{s:s}", "sha256", text_in(record, "record_hash")));
        json_object_set_new(entry, "name", json_sprintf("node:%s", text_in(record, "node_id")));
        json_array_append_new(subjects, named("name", "output:", text_in(record, "node_id"),
                                              text_in(record, "output_hash")));
        buf_addf(&chain, "%s%s", i > 0 ? ":" : "", text_in(record, "chain_hash"));
    }
    if (json_array_size(byproducts) == 0)
        buf_adds(&chain, "empty");
    json_array_set_new(subjects, 0,
                       named("name", "run:",
                             text_in(lie_at(statement, DETAILS "/metadata"), "invocationId"),
                             sha256_hex(buf_text(&chain), chain.len).text));
    json_object_set_new(statement, "subject", subjects);
    materials_anew(statement, byproducts);
}
