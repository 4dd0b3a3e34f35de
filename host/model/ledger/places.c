/* places.c -- see places.h. */
#include "model/ledger/places.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void parent_places_done(struct parent_places *places)
{
    free(places->parents);
    free(places->ends);
    *places = (struct parent_places){0};
}

/* A record's place beside what it is looked up by. */
struct keyed {
    struct jcs_part key;
    uint32_t place;
};

static int key_order(const void *a, const void *b)
{
    return jcs_part_compare(((const struct keyed *)a)->key, ((const struct keyed *)b)->key);
}

/* Sorts; no two records share a key. */
static bool keys_sort(struct keyed *keys, size_t count, const char *what, struct err *e)
{
    if (count > 1)
        qsort(keys, count, sizeof *keys, key_order);
    for (size_t i = 1; i < count; i++) {
        if (key_order(&keys[i - 1], &keys[i]) == 0)
            return err_set(e, ERR_CORRUPT, "two records have the %s '%.*s'", what,
                           (int)(keys[i].key.len < 128 ? keys[i].key.len : 128), keys[i].key.at);
    }
    return true;
}

static bool ids_differ(const struct record_parts *records, size_t count, struct keyed *keys,
                       struct err *e)
{
    for (uint32_t i = 0; i < count; i++)
        keys[i] = (struct keyed){records[i].node_id, i};
    return keys_sort(keys, count, "node_id", e);
}

static bool hashes_differ(const struct record_parts *records, size_t count, struct keyed *keys,
                          struct err *e)
{
    for (uint32_t i = 0; i < count; i++)
        keys[i] = (struct keyed){records[i].chain_hash, i};
    return keys_sort(keys, count, "chain_hash", e);
}

static int place_order(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

#define PART_TEXT(part) (int)(part).len, (part).at

static bool sort_parents(const struct record_parts *record, uint32_t *parents, size_t count,
                         struct err *e)
{
    if (count > 1)
        qsort(parents, count, sizeof *parents, place_order);
    for (size_t i = 1; i < count; i++) {
        if (parents[i - 1] == parents[i])
            return err_set(e, ERR_CORRUPT, "node '%.*s': it has a parent twice",
                           PART_TEXT(record->node_id));
    }
    return true;
}

/* Appends the places of the parents of the record at `at`, in ascending order. */
static bool find_parents(const struct record_parts *records, uint32_t at, const struct keyed *keys,
                         size_t count, struct buf *places, struct err *e)
{
    const char *walk = records[at].parents.at;
    size_t from = places->len;
    struct jcs_part value;

    while (records[at].parents.len > 0 && jcs_next_element(&walk, &value)) {
        struct keyed want = {jcs_part_inside(value), 0};
        const struct keyed *found = bsearch(&want, keys, count, sizeof *keys, key_order);

        if (found == NULL || found->place >= at)
            return err_set(e, ERR_CORRUPT, "node '%.*s': parent hash not found: %.*s",
                           PART_TEXT(records[at].node_id), PART_TEXT(want.key));
        buf_add(places, &found->place, sizeof found->place);
    }
    return places->len == from ||
           sort_parents(&records[at], (uint32_t *)(void *)(places->data + from),
                        (places->len - from) / sizeof(uint32_t), e);
}

bool parent_places_find(const struct record_parts *records, size_t count, struct parent_places *ret,
                        struct err *e)
{
    auto_mem struct keyed *keys = mem_array(count, struct keyed);
    auto_mem uint32_t *ends = mem_array(count, uint32_t);
    auto_done(buf) places = {0};

    if (!ids_differ(records, count, keys, e) || !hashes_differ(records, count, keys, e))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!find_parents(records, i, keys, count, &places, e))
            return false;
        ends[i] = (uint32_t)(places.len / sizeof *ends);
    }
    ret->parents = (uint32_t *)(void *)buf_take(&places);
    ret->ends = take(ends);
    return true;
}

/* Times of one form and length are in the order of their texts. */
bool parent_places_in_time(const struct parent_places *places, const struct record_parts *records,
                           size_t count, struct err *e)
{
    for (uint32_t i = 0, p = 0; i < count; i++) {
        for (; p < places->ends[i]; p++) {
            const struct record_parts *parent = &records[places->parents[p]];

            if (jcs_part_compare(parent->completed_at, records[i].started_at) > 0)
                return err_set(e, ERR_CORRUPT,
                               "node '%.*s': it was started before its parent '%.*s' was completed",
                               PART_TEXT(records[i].node_id), PART_TEXT(parent->node_id));
        }
    }
    return true;
}

/* ---- back again ---- */

/* The record with its parents' hashes in the place of their places; shares the rest. */
static void append_own(json_t *list, const json_t *record, json_t *hashes)
{
    json_t *copy = json_copy((json_t *)record);

    json_object_del(copy, "parents");
    json_object_set_new(copy, "parent_hashes", hashes);
    json_array_append_new(list, copy);
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
        return err_set(e, ERR_CORRUPT, "node '%s': no list of parents",
                       json_text_of(record, "node_id"));
    for (size_t i = 0; i < count; i++) {
        const json_t *parent = json_array_get(parents, i);
        json_int_t place = json_integer_value(parent);

        if (!json_is_integer(parent) || place <= before || place >= (json_int_t)at)
            return err_set(e, ERR_CORRUPT,
                           "node '%s': its parents are not the places of records before it, in "
                           "order",
                           json_text_of(record, "node_id"));
        before = place;
        hashes[i] = json_text_of(json_array_get(placed, (size_t)place), "chain_hash");
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
        append_own(records, json_array_get(placed, i), hashes);
    }
    *ret = take(records);
    return true;
}
