/* places.c -- see places.h. */
#include "model/ledger/places.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

/* The place of each record by the member, which no two share; the caller owns *ret. */
static bool places_by(const json_t *records, const char *key, json_t **ret, struct err *e)
{
    auto_json places = json_object();

    for (size_t i = 0; i < json_array_size(records); i++) {
        const char *text = text_of(json_array_get(records, i), key);

        if (json_object_get(places, text) != NULL)
            return err_set(e, ERR_CORRUPT, "two records have the %s '%.128s'", key, text);
        json_object_set_new(places, text, json_integer((json_int_t)i));
    }
    *ret = take(places);
    return true;
}

static int place_order(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;

    return x < y ? -1 : x > y;
}

static json_t *list_of(const size_t *places, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_integer((json_int_t)places[i]));
    return list;
}

/* The places of the parents of the record at `at`, in ascending order. */
static bool find_parents(const json_t *record, size_t at, const json_t *by_hash, json_t **ret,
                         struct err *e)
{
    const json_t *parents = json_object_get(record, "parent_hashes");
    const char *id = text_of(record, "node_id");
    size_t count = json_array_size(parents);
    auto_mem size_t *places = mem_array(count, size_t);

    for (size_t i = 0; i < count; i++) {
        const char *hash = json_string_value(json_array_get(parents, i));
        const json_t *place = hash != NULL ? json_object_get(by_hash, hash) : NULL;

        places[i] = (size_t)json_integer_value(place);
        if (place == NULL || places[i] >= at)
            return err_set(e, ERR_CORRUPT, "node '%s': parent hash not found: %.64s", id,
                           hash != NULL ? hash : "(not text)");
    }
    qsort(places, count, sizeof *places, place_order);
    for (size_t i = 1; i < count; i++) {
        if (places[i - 1] == places[i])
            return err_set(e, ERR_CORRUPT, "node '%s': it has a parent twice", id);
    }
    *ret = list_of(places, count);
    return true;
}

/* The record with one member in another's place; shares the rest. */
static void append_with(json_t *list, const json_t *record, const char *gone, const char *key,
                        json_t *value)
{
    json_t *copy = json_copy((json_t *)record);

    json_object_del(copy, gone);
    json_object_set_new(copy, key, value);
    json_array_append_new(list, copy);
}

bool places_of_records(const json_t *records, json_t **ret, struct err *e)
{
    auto_json placed = json_array();
    auto_json ids = NULL;
    auto_json hashes = NULL;

    if (!places_by(records, "node_id", &ids, e) || !places_by(records, "chain_hash", &hashes, e))
        return false;
    for (size_t i = 0; i < json_array_size(records); i++) {
        const json_t *record = json_array_get(records, i);
        json_t *parents = NULL;

        if (!find_parents(record, i, hashes, &parents, e))
            return false;
        append_with(placed, record, "parent_hashes", "parents", parents);
    }
    *ret = take(placed);
    return true;
}

static int text_order(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The chain hashes of the parents, sorted, as a record has them. */
static bool hashes_of_parents(const json_t *placed, size_t at, json_t **ret, struct err *e)
{
    const json_t *record = json_array_get(placed, at);
    const json_t *parents = json_object_get(record, "parents");
    size_t count = json_array_size(parents);
    auto_mem const char **hashes = mem_array(count, const char *);
    json_int_t before = -1;

    if (!json_is_array(parents))
        return err_set(e, ERR_CORRUPT, "node '%s': no list of parents", text_of(record, "node_id"));
    for (size_t i = 0; i < count; i++) {
        const json_t *parent = json_array_get(parents, i);
        json_int_t place = json_integer_value(parent);

        if (!json_is_integer(parent) || place <= before || place >= (json_int_t)at)
            return err_set(e, ERR_CORRUPT,
                           "node '%s': its parents are not the places of records before it, in "
                           "order",
                           text_of(record, "node_id"));
        before = place;
        hashes[i] = text_of(json_array_get(placed, (size_t)place), "chain_hash");
    }
    qsort(hashes, count, sizeof *hashes, text_order);
    *ret = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(*ret, json_string(hashes[i]));
    return true;
}

bool places_to_records(const json_t *placed, json_t **ret, struct err *e)
{
    auto_json records = json_array();

    for (size_t i = 0; i < json_array_size(placed); i++) {
        json_t *hashes = NULL;

        if (!hashes_of_parents(placed, i, &hashes, e))
            return false;
        append_with(records, json_array_get(placed, i), "parents", "parent_hashes", hashes);
    }
    *ret = take(records);
    return true;
}

/* Times of one form and length are in the order of their texts. */
bool places_in_time(const json_t *placed, struct err *e)
{
    const json_t *record, *place;
    size_t i, p;

    json_array_foreach(placed, i, record)
    {
        const char *started = text_of(record, "started_at");

        json_array_foreach(json_object_get(record, "parents"), p, place)
        {
            const json_t *parent = json_array_get(placed, (size_t)json_integer_value(place));

            if (strcmp(text_of(parent, "completed_at"), started) > 0)
                return err_set(e, ERR_CORRUPT,
                               "node '%s': it was started before its parent '%s' was completed",
                               text_of(record, "node_id"), text_of(parent, "node_id"));
        }
    }
    return true;
}
