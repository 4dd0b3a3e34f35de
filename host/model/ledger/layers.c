/* layers.c -- see layers.h. */
#include "model/ledger/layers.h"

#define MASK_MAX ((int64_t)((1u << LAYER_COUNT) - 1))

const char *isolation_note(enum isolation isolation)
{
    return isolation == ISOLATION_WARM ? "attempts of this zygote are not separated from each other"
                                       : NULL;
}

static json_t *names_of(uint32_t mask)
{
    json_t *names = json_array();

    for (int bit = 0; bit < LAYER_COUNT; bit++)
        if ((mask & 1u << bit) != 0)
            json_array_append_new(names, json_string(layer_name((enum layer_bit)bit)));
    return names;
}

static json_t *parts_of(uint32_t mask, uint32_t said)
{
    return json_pack("{s:o, s:o}", "outer", names_of(mask), "said", names_of(said));
}

static bool mask_of(const json_t *names, uint32_t *ret)
{
    const json_t *name;
    size_t i;

    *ret = 0;
    json_array_foreach(names, i, name)
    {
        enum layer_bit bit =
            json_is_string(name) ? layer_bit_of(json_string_value(name)) : LAYER_COUNT;

        if (bit == LAYER_COUNT)
            return false;
        *ret |= 1u << bit;
    }
    return json_is_array(names);
}

/* What records and rows share. */
static void add_common(const struct layer_facts *facts, json_t *object)
{
    const char *note = isolation_note(facts->isolation);

    json_object_set_new(object, "layer_mask", json_integer(facts->mask));
    json_object_set_new(object, "level", json_integer(facts->level));
    if (facts->isolation == ISOLATION_UNSET)
        return;
    json_object_set_new(object, "isolation", json_string(isolation_name(facts->isolation)));
    if (note != NULL)
        json_object_set_new(object, "isolation_note", json_string(note));
}

void layer_facts_add_record(const struct layer_facts *facts, json_t *record)
{
    add_common(facts, record);
    if (facts->isolation != ISOLATION_UNSET)
        json_object_set_new(record, "layers", parts_of(facts->mask, facts->said));
}

void layer_facts_add_row(const struct layer_facts *facts, json_t *object)
{
    add_common(facts, object);
    if (facts->isolation != ISOLATION_UNSET)
        json_object_set_new(object, "layers_said", json_integer(facts->said));
}

static bool isolation_of(const json_t *object, enum isolation *ret)
{
    const char *word = json_string_value(json_object_get(object, "isolation"));

    return word != NULL && isolation_parse(word, ret);
}

static bool mask_verify(const json_t *record, struct layer_facts *facts, struct err *e)
{
    int64_t mask, level;

    if (!json_get_int(record, "layer_mask", 0, 0, MASK_MAX, &mask, e) ||
        !json_get_int(record, "level", 0, 0, LAYER_LEVEL_MAX, &level, e)) {
        e->code = ERR_CORRUPT;
        return false;
    }
    facts->mask = (uint32_t)mask;
    facts->level = (int)level;
    if (facts->level != layer_level(facts->mask))
        return err_set(e, ERR_CORRUPT, "level is %d, its layers reach %d", facts->level,
                       layer_level(facts->mask));
    return true;
}

static bool parts_verify(const json_t *record, struct layer_facts *facts, struct err *e)
{
    const json_t *parts = json_object_get(record, "layers");
    const json_t *note = json_object_get(record, "isolation_note");
    auto_json want = NULL;

    if (!isolation_of(record, &facts->isolation))
        return err_set(e, ERR_CORRUPT, "isolation is no word that is known");
    if (!mask_of(json_object_get(parts, "said"), &facts->said))
        return err_set(e, ERR_CORRUPT, "layers.said is no list of layers");
    want = parts_of(facts->mask, facts->said);
    if (!json_equal(parts, want))
        return err_set(e, ERR_CORRUPT, "layers are not those of layer_mask");
    if ((note != NULL) != (isolation_note(facts->isolation) != NULL))
        return err_set(e, ERR_CORRUPT, "isolation is %s, isolation_note says otherwise",
                       isolation_name(facts->isolation));
    return true;
}

bool layer_facts_verify(const json_t *record, struct layer_facts *ret, struct err *e)
{
    static const char *const parts[] = {"isolation", "layers", "isolation_note"};
    struct layer_facts facts = {0};
    bool any = false;

    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        any = any || json_object_get(record, parts[i]) != NULL;
    if (!mask_verify(record, &facts, e) || (any && !parts_verify(record, &facts, e)))
        return false;
    *ret = facts;
    return true;
}

struct layer_facts layer_facts_of_row(const json_t *object)
{
    struct layer_facts facts = {0};
    struct err e = {0};
    int64_t said;

    if (!mask_verify(object, &facts, &e) || !isolation_of(object, &facts.isolation) ||
        !json_get_int(object, "layers_said", 0, 0, MASK_MAX, &said, &e))
        return (struct layer_facts){0};
    facts.said = (uint32_t)said;
    return facts;
}
