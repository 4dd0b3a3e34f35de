/* manifest_schema.c -- which members a manifest has, as tables, and what a text in one may be. */
#include "bundle/manifest_schema.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/names.h"
#include "model/words/confinement.h"

#include <string.h>

enum { S = 1u << MANIFEST_SOURCE, I = 1u << MANIFEST_INNER, G = 1u << MANIFEST_SIGNED };

enum type { T_TEXT, T_INT, T_BOOL, T_OBJECT, T_ARRAY };

struct member {
    const char *name;
    enum type type;
    unsigned allowed, required; /* S, I, G */
};

static const struct member top_members[] = {
    {"id", T_TEXT, S | I | G, S | I | G},
    {"version", T_TEXT, S | I | G, S | I | G},
    {"summary", T_TEXT, S | I | G, 0},
    {"license", T_TEXT, S | I | G, 0},
    {"abi", T_OBJECT, I | G, I | G},
    {"os", T_TEXT, I | G, I | G},
    {"arch", T_TEXT, I | G, I | G},
    {"library", T_TEXT, I | G, I | G},
    {"agents", T_ARRAY, S | I | G, S | I | G},
    {"requests", T_OBJECT, S | I | G, S | I | G},
    {"files", T_ARRAY, I | G, I | G},
    {"archive", T_OBJECT, G, G},
};
static const struct member abi_members[] = {
    {"major", T_INT, I | G, I | G},
    {"minor", T_INT, I | G, I | G},
};
static const struct member agent_members[] = {
    {"id", T_TEXT, S | I | G, S | I | G},   {"version", T_TEXT, S | I | G, S | I | G},
    {"summary", T_TEXT, S | I | G, 0},      {"profile", T_TEXT, S | I | G, 0},
    {"pure", T_BOOL, S | I | G, 0},         {"idempotent", T_BOOL, S | I | G, 0},
    {"input_schema", T_TEXT, S | I | G, 0}, {"output_schema", T_TEXT, S | I | G, 0},
    {"policies", T_OBJECT, S | I | G, 0},
};
static const struct member request_members[] = {
    {"profiles", T_ARRAY, S | I | G, S | I | G},
    {"network", T_ARRAY, S | I | G, 0},
    {"limits", T_OBJECT, S | I | G, 0},
};
static const struct member limit_members[] = {
    {"memory_bytes", T_INT, S | I | G, 0},
    {"cpu_ms", T_INT, S | I | G, 0},
    {"output_bytes", T_INT, S | I | G, 0},
    {"log_bytes", T_INT, S | I | G, 0},
};
static const struct member file_members[] = {
    {"path", T_TEXT, I | G, I | G},
    {"sha256", T_TEXT, I | G, I | G},
    {"size", T_INT, I | G, I | G},
};
static const struct member archive_members[] = {
    {"sha256", T_TEXT, G, G},
    {"size", T_INT, G, G},
};

static bool type_is(const json_t *value, enum type type)
{
    switch (type) {
    case T_TEXT:
        return json_is_string(value);
    case T_INT:
        return json_is_integer(value) && json_integer_value(value) >= 0;
    case T_BOOL:
        return json_is_boolean(value);
    case T_OBJECT:
        return json_is_object(value);
    case T_ARRAY:
        return json_is_array(value);
    }
    return false;
}

static const char *const type_names[] = {
    [T_TEXT] = "a text",        [T_INT] = "a whole number from 0",
    [T_BOOL] = "true or false", [T_OBJECT] = "an object",
    [T_ARRAY] = "a list",
};

#define MEMBERS(table)                                                                             \
    {                                                                                              \
        (table), ARRAY_LEN(table)                                                                  \
    }
static const struct {
    const struct member *members;
    size_t count;
} tables[] = {
    [IN_MANIFEST] = MEMBERS(top_members),    [IN_ABI] = MEMBERS(abi_members),
    [IN_AGENT] = MEMBERS(agent_members),     [IN_REQUESTS] = MEMBERS(request_members),
    [IN_LIMITS] = MEMBERS(limit_members),    [IN_FILE] = MEMBERS(file_members),
    [IN_ARCHIVE] = MEMBERS(archive_members),
};
static const char *const places[] = {
    [IN_MANIFEST] = "the manifest",  [IN_ABI] = "abi",
    [IN_AGENT] = "agents[]",         [IN_REQUESTS] = "requests",
    [IN_LIMITS] = "requests.limits", [IN_FILE] = "files[]",
    [IN_ARCHIVE] = "archive",
};

static const struct member *member_find(enum manifest_place place, const char *name)
{
    for (size_t i = 0; i < tables[place].count; i++)
        if (strcmp(tables[place].members[i].name, name) == 0)
            return &tables[place].members[i];
    return NULL;
}

bool manifest_members_check(const json_t *object, enum manifest_place place,
                            enum manifest_kind kind, struct err *e)
{
    const unsigned bit = 1u << kind;
    const char *name;
    json_t *value;

    if (!json_is_object(object))
        return err_set(e, ERR_INVALID, "%s must be an object", places[place]);
    json_object_foreach((json_t *)object, name, value)
    {
        const struct member *m = member_find(place, name);

        if (m == NULL || (m->allowed & bit) == 0)
            return err_set(e, ERR_INVALID, "%s: '%.64s' does not belong here", places[place], name);
        if (!type_is(value, m->type))
            return err_set(e, ERR_INVALID, "%s: '%s' must be %s", places[place], name,
                           type_names[m->type]);
    }
    for (size_t i = 0; i < tables[place].count; i++) {
        const struct member *m = &tables[place].members[i];

        if ((m->required & bit) != 0 && json_object_get(object, m->name) == NULL)
            return err_set(e, ERR_INVALID, "%s: '%s' is missing", places[place], m->name);
    }
    return true;
}

bool manifest_id_valid(const char *id)
{
    return name_is_id(id, strlen(id));
}

bool manifest_version_valid(const char *text)
{
    const char *p = text;

    for (int part = 0; part < 3; part++) {
        size_t digits = strspn(p, "0123456789");

        if (digits == 0 || (digits > 1 && p[0] == '0') || (part < 2 && p[digits] != '.'))
            return false;
        p += digits + (part < 2);
    }
    if (*p != '\0' && *p != '-' && *p != '+')
        return false;
    return strlen(text) < 64 &&
           p[strspn(p, "-+.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")] ==
               '\0';
}

bool manifest_path_valid(const char *path)
{
    static const char chars[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/";
    size_t len = strlen(path);

    return len > 0 && len < MANIFEST_PATH_BYTES_MAX && strspn(path, chars) == len &&
           path[0] != '/' && path[0] != '.' && path[len - 1] != '/' && strstr(path, "/.") == NULL &&
           strstr(path, "//") == NULL;
}

bool manifest_profile_valid(const char *text)
{
    enum profile profile;

    return profile_parse(text, &profile);
}
