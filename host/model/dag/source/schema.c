/* schema.c -- the tables of fields as JSON Schema (draft 2020-12). See schema.h. */
#include "model/dag/source/schema.h"

#include "base/json.h"
#include "base/mem.h"
#include "model/dag/source/load.h"

#include <assert.h>
#include <string.h>

#define NO_CONTROLS "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"

/* The program's own texts: they parse, or a test fails. */
static json_t *own_owned(const char *text)
{
    json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);

    assert(value != NULL);
    return value;
}

static json_t *number_owned(double number)
{
    return number == (double)(json_int_t)number ? json_integer((json_int_t)number)
                                                : json_real(number);
}

static json_t *typed_owned(const char *type)
{
    return json_pack("{s:[s,s]}", "type", type, "null");
}

static json_t *bounded_owned(const struct field *f, const char *type)
{
    json_t *schema = typed_owned(type);

    json_object_set_new(schema, "minimum", number_owned(f->min));
    json_object_set_new(schema, "maximum", number_owned(f->max));
    return schema;
}

static json_t *text_owned(const struct field *f)
{
    json_t *schema = typed_owned("string");

    json_object_set_new(schema, "maxLength", number_owned(f->max));
    if (f->kind == FIELD_ID)
        json_object_set_new(schema, "pattern", json_string(NO_CONTROLS));
    return schema;
}

static json_t *words_owned(const struct field *f)
{
    json_t *words = json_array();

    for (int i = 1; f->words[i] != NULL; i++)
        json_array_append_new(words, json_string(f->words[i]));
    json_array_append_new(words, json_null());
    return json_pack("{s:o}", "enum", words);
}

static json_t *value_owned(const struct field *f)
{
    switch (f->kind) {
    case FIELD_TEXT:
    case FIELD_ID:
        return text_owned(f);
    case FIELD_BOOL:
        return typed_owned("boolean");
    case FIELD_UINT32:
    case FIELD_INT32:
    case FIELD_INT64:
        return bounded_owned(f, "integer");
    case FIELD_NUMBER:
        return bounded_owned(f, "number");
    case FIELD_WORD:
        return words_owned(f);
    case FIELD_OBJECT:
        return typed_owned("object");
    case FIELD_CUSTOM:
        return json_pack("{s:[o,{s:s}]}", "anyOf", own_owned(f->schema), "type", "null");
    default:
        return json_object(); /* anything */
    }
}

static json_t *field_owned(const struct field *f)
{
    json_t *schema = value_owned(f);

    json_object_set_new(schema, "description", json_string(f->help));
    if (f->absent != NULL)
        json_object_set_new(schema, "default", own_owned(f->absent));
    return schema;
}

static json_t *properties_owned(const struct field *fields)
{
    json_t *properties = json_object();

    for (; fields->name != NULL; fields++)
        json_object_set_new(properties, fields->name, field_owned(fields));
    return properties;
}

/* Takes the properties. */
static json_t *object_owned(json_t *properties)
{
    return json_pack("{s:s, s:o, s:b}", "type", "object", "properties", properties,
                     "additionalProperties", 0);
}

/* The same under StellaOps' names as well. */
static json_t *aliased_owned(const struct field *fields, const struct alias *aliases)
{
    json_t *properties = properties_owned(fields);

    for (; aliases->given != NULL; aliases++) {
        json_t *native = json_object_get(properties, aliases->native);

        json_object_set(properties, aliases->given, native);
    }
    return properties;
}

static json_t *compensation_owned(void)
{
    json_t *schema = object_owned(properties_owned(compensation_fields));
    json_t *agent = json_object_get(json_object_get(schema, "properties"), "agent_id");

    json_object_set_new(schema, "required", json_pack("[s]", "agent_id"));
    json_object_set_new(agent, "type", json_string("string"));
    json_object_set_new(agent, "minLength", json_integer(1));
    return schema;
}

/* by or within, and not both. */
static json_t *deadline_owned(void)
{
    json_t *schema = object_owned(properties_owned(deadline_fields));

    json_object_set_new(schema, "anyOf",
                        own_owned("[{\"required\": [\"by\"], \"properties\": {\"by\": {\"type\": "
                                  "\"string\"}, \"within\": {\"type\": \"null\"}}}, "
                                  "{\"required\": [\"within\"], \"properties\": {\"within\": "
                                  "{\"type\": \"number\"}, \"by\": {\"type\": \"null\"}}}]"));
    return schema;
}

/* Without a period it is none, so null will not do. */
static json_t *debounce_owned(void)
{
    json_t *properties = properties_owned(debounce_fields);
    json_t *period = json_object_get(properties, "period");
    json_t *schema;

    json_object_set_new(period, "type", json_string("number"));
    schema = object_owned(properties);
    json_object_set_new(schema, "required", json_pack("[s]", "period"));
    return schema;
}

/* A step has its id inside, under one of three names. */
static json_t *step_owned(void)
{
    json_t *schema = object_owned(aliased_owned(node_fields, step_aliases));
    json_t *any = json_array();
    static const char *const ids[] = {"id", "stepId", "step_id", "node_id"};

    for (size_t i = 0; i < ARRAY_LEN(ids); i++)
        json_array_append_new(any,
                              json_pack("{s:[s], s:{s:{s:s, s:i}}}", "required", ids[i],
                                        "properties", ids[i], "type", "string", "minLength", 1));
    json_object_set_new(schema, "anyOf", any);
    return schema;
}

/* Without nodes there is no DAG, so null will not do. */
static json_t *native_owned(void)
{
    json_t *properties = properties_owned(dag_fields);
    json_t *nodes = json_object_get(properties, "nodes");
    json_t *schema;

    json_object_update(nodes, json_array_get(json_object_get(nodes, "anyOf"), 0));
    json_object_del(nodes, "anyOf");
    schema = object_owned(properties);
    json_object_set_new(schema, "required", json_pack("[s]", "nodes"));
    return schema;
}

static json_t *steps_owned(void)
{
    json_t *properties = aliased_owned(dag_fields, dag_aliases);
    json_t *schema;

    json_object_del(properties, "nodes");
    json_object_set_new(properties, "steps",
                        json_pack("{s:s, s:i, s:{s:s}}", "type", "array", "minItems", 1, "items",
                                  "$ref", "#/$defs/step"));
    json_object_set_new(properties, "edges",
                        own_owned("{\"type\": [\"array\", \"null\"], \"items\": {\"anyOf\": ["
                                  "{\"type\": \"object\", \"properties\": {\"from\": {\"type\": "
                                  "\"string\"}, \"to\": {\"type\": \"string\"}}, \"required\": "
                                  "[\"from\", \"to\"], \"additionalProperties\": false}, "
                                  "{\"type\": \"array\", \"items\": {\"type\": \"string\"}, "
                                  "\"minItems\": 2, \"maxItems\": 2}]}}"));
    schema = object_owned(properties);
    json_object_set_new(schema, "required", json_pack("[s]", "steps"));
    return schema;
}

json_t *dag_schema_owned(void)
{
    json_t *defs = json_object();

    json_object_set_new(defs, "node", object_owned(properties_owned(node_fields)));
    json_object_set_new(defs, "retry_policy", object_owned(properties_owned(retry_fields)));
    json_object_set_new(defs, "timeout_policy", object_owned(properties_owned(timeout_fields)));
    json_object_set_new(defs, "deadline", deadline_owned());
    json_object_set_new(defs, "concurrency", object_owned(properties_owned(concurrency_fields)));
    json_object_set_new(defs, "debounce", debounce_owned());
    json_object_set_new(defs, "limits", object_owned(properties_owned(limit_fields)));
    json_object_set_new(defs, "compensation_handler", compensation_owned());
    json_object_set_new(defs, "native", native_owned());
    json_object_set_new(defs, "step", step_owned());
    json_object_set_new(defs, "steps", steps_owned());
    return json_pack("{s:s, s:s, s:s, s:[{s:s}, {s:s}], s:o}", "$schema",
                     "https://json-schema.org/draft/2020-12/schema", "title", "orch DAG definition",
                     "description",
                     "What publish takes, in YAML or JSON; docs/DEFINITIONS.md says what it means. "
                     "Beyond it are checked: ids by bytes, conditions by their grammar, "
                     "dependencies, cycles.",
                     "anyOf", "$ref", "#/$defs/native", "$ref", "#/$defs/steps", "$defs", defs);
}
