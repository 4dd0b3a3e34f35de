/* shape.c -- see shape.h. */
#include "authority/trust/shape.h"

#include "base/clock.h"
#include "base/names.h"
#include "base/text.h"
#include "model/version/version.h"

#include <assert.h>
#include <string.h>

const char *const trust_role_words[TRUST_ROLE_COUNT + 1] = {
#define XX(name, word) [TRUST_##name] = word,
    TRUST_ROLE_MAP(XX)
#undef XX
};
static const char *const profile_words[] = {"pure", "files", "net", NULL};
static const char *const isolation_words[] = {TRUST_WARM, NULL};

const char *trust_role_text(enum trust_role role)
{
    assert(role < TRUST_ROLE_COUNT);
    return trust_role_words[role];
}

/* The members of an entry; words: what a list may hold, NULL for any pattern; check: more of what
 * each of its texts must be. */
enum member_kind { MEMBER_TEXT, MEMBER_LIST, MEMBER_OBJECT };
static const struct member {
    const char *name;
    enum member_kind kind;
    bool required;
    const char *const *words;
    bool (*check)(const char *text, struct err *e);
} members[] = {
    {"name", MEMBER_TEXT, true, NULL, NULL},
    {"public_key", MEMBER_TEXT, true, NULL, NULL},
    {"roles", MEMBER_LIST, true, trust_role_words, NULL},
    {"tenants", MEMBER_LIST, false, NULL, name_check_tenant_pattern},
    {"plugins", MEMBER_LIST, false, NULL, NULL},
    {"agents", MEMBER_LIST, false, NULL, NULL},
    {"profiles", MEMBER_LIST, false, profile_words, NULL},
    {"isolation", MEMBER_LIST, false, isolation_words, NULL},
    {"network", MEMBER_LIST, false, NULL, NULL},
    {"min_versions", MEMBER_OBJECT, false, NULL, NULL},
    {"revoked", MEMBER_OBJECT, false, NULL, NULL},
};

static const struct member *member_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        if (strcmp(members[i].name, name) == 0)
            return &members[i];
    }
    return NULL;
}

static bool unknown_member(const char *name, struct err *e)
{
    const char *names[ARRAY_LEN(members) + 1] = {NULL};
    const char *nearest;

    if (strcmp(name, "quorum") == 0)
        return err_set(e, ERR_UNSUPPORTED, "'quorum' (k of n signatures) is not supported");
    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        names[i] = members[i].name;
    nearest = text_nearest(name, names);
    return err_set(e, ERR_INVALID, "unknown member '%s'%s%s", name,
                   nearest != NULL ? ", did you mean " : "", nearest != NULL ? nearest : "");
}

static bool word_known(const char *const *words, const char *word)
{
    for (; words != NULL && *words != NULL; words++) {
        if (strcmp(*words, word) == 0)
            return true;
    }
    return words == NULL;
}

static bool check_list(const struct member *member, const json_t *list, struct err *e)
{
    const json_t *item;
    size_t i;

    if (!json_is_array(list) || json_array_size(list) > TRUST_LIST_MAX)
        return err_set(e, ERR_INVALID, "'%s' is an array of at most %d texts", member->name,
                       TRUST_LIST_MAX);
    json_array_foreach(list, i, item)
    {
        if (!json_is_string(item) || json_string_length(item) == 0)
            return err_set(e, ERR_INVALID, "'%s' holds texts only, none empty", member->name);
        if (!word_known(member->words, json_string_value(item)))
            return err_set(e, ERR_INVALID, "'%s' cannot hold '%.100s'", member->name,
                           json_string_value(item));
        if (member->check != NULL && !member->check(json_string_value(item), e))
            return err_wrap(e, "'%s'", member->name);
    }
    return true;
}

static bool check_member(const struct member *member, const json_t *value, struct err *e)
{
    if (value == NULL)
        return !member->required || err_set(e, ERR_INVALID, "'%s' is missing", member->name);
    if (member->kind == MEMBER_LIST)
        return check_list(member, value, e);
    if (member->kind == MEMBER_TEXT && !json_is_string(value))
        return err_set(e, ERR_INVALID, "'%s' must be a string", member->name);
    if (member->kind == MEMBER_OBJECT && !json_is_object(value))
        return err_set(e, ERR_INVALID, "'%s' must be an object", member->name);
    return true;
}

static bool check_pins(const json_t *pins, struct err *e)
{
    const char *id;
    json_t *version;

    json_object_foreach((json_t *)pins, id, version)
    {
        if (!json_is_string(version) || !version_valid(json_string_value(version)))
            return err_set(e, ERR_INVALID, "min_versions: '%s' needs a MAJOR.MINOR.PATCH", id);
    }
    return true;
}

static bool check_revoked(const json_t *revoked, struct err *e)
{
    const char *at = json_string_value(json_object_get(revoked, "at"));
    const char *reason = json_string_value(json_object_get(revoked, "reason"));
    int64_t at_us;

    if (revoked == NULL)
        return true;
    if (json_object_size(revoked) != 2 || at == NULL || reason == NULL || !clock_parse(at, &at_us))
        return err_set(e, ERR_INVALID, "'revoked' is {\"at\": RFC 3339 time, \"reason\": text}");
    return true;
}

bool trust_shape_check(const json_t *json, struct err *e)
{
    const char *name;
    json_t *value;

    if (!json_is_object(json))
        return err_set(e, ERR_INVALID, "not a JSON object");
    json_object_foreach((json_t *)json, name, value)
    {
        if (member_find(name) == NULL)
            return unknown_member(name, e);
    }
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        if (!check_member(&members[i], json_object_get(json, members[i].name), e))
            return false;
    }
    return check_pins(json_object_get(json, "min_versions"), e) &&
           check_revoked(json_object_get(json, "revoked"), e);
}
