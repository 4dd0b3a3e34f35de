/* layers.c -- see layers.h. */
#include "model/ledger/layers.h"

#include <string.h>

#define MASK_MAX ((int64_t)((1u << LAYER_COUNT) - 1))

const char *isolation_note(enum isolation isolation)
{
    return isolation == ISOLATION_WARM ? "attempts of this zygote are not separated from each other"
                                       : NULL;
}

/* Names in the order of their bits, each once. */
static bool names_of(const json_t *names, uint32_t *ret)
{
    const json_t *name;
    size_t i;

    *ret = 0;
    json_array_foreach(names, i, name)
    {
        enum layer_bit bit =
            json_is_string(name) ? layer_bit_of(json_string_value(name)) : LAYER_COUNT;

        if (bit == LAYER_COUNT || *ret >> bit != 0)
            return false;
        *ret |= 1u << bit;
    }
    return json_is_array(names);
}

static void write_names(struct jcs_object *parts, const char *key, uint32_t mask)
{
    bool first = true;

    jcs_object_key(parts, key);
    for (int bit = 0; bit < LAYER_COUNT; bit++) {
        const char *name = layer_name((enum layer_bit)bit);

        if ((mask & 1u << bit) == 0)
            continue;
        buf_addc(parts->b, first ? '[' : ',');
        buf_add_json_str(parts->b, name, strlen(name));
        first = false;
    }
    buf_adds(parts->b, first ? "[]" : "]");
}

static void write_parts(const struct layer_facts *facts, struct jcs_object *record)
{
    struct jcs_object parts;

    jcs_object_key(record, "layers");
    parts = jcs_object_begin(record->b);
    write_names(&parts, "outer", facts->mask);
    write_names(&parts, "said", facts->said);
    jcs_object_end(&parts);
}

/* What records and rows begin with. */
static void write_mask(const struct layer_facts *facts, struct jcs_object *o)
{
    const char *note = isolation_note(facts->isolation);

    if (facts->isolation != ISOLATION_UNSET)
        jcs_object_str(o, "isolation", isolation_name(facts->isolation));
    if (note != NULL)
        jcs_object_str(o, "isolation_note", note);
    jcs_object_int(o, "layer_mask", facts->mask);
}

void layer_facts_write_record(const struct layer_facts *facts, struct jcs_object *record)
{
    write_mask(facts, record);
    if (facts->isolation != ISOLATION_UNSET)
        write_parts(facts, record);
    jcs_object_int(record, "level", facts->level);
}

void layer_facts_write_row(const struct layer_facts *facts, struct jcs_object *row)
{
    write_mask(facts, row);
    if (facts->isolation != ISOLATION_UNSET)
        jcs_object_int(row, "layers_said", facts->said);
    jcs_object_int(row, "level", facts->level);
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
    uint32_t outer;

    if (!isolation_of(record, &facts->isolation))
        return err_set(e, ERR_CORRUPT, "isolation is no word that is known");
    if (!names_of(json_object_get(parts, "said"), &facts->said))
        return err_set(e, ERR_CORRUPT, "layers.said is no list of layers");
    if (!names_of(json_object_get(parts, "outer"), &outer) || outer != facts->mask ||
        json_object_size(parts) != 2)
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
