/* config.c -- see config.h. */
#include "config/config.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/names.h"
#include "base/text.h"
#include "config/password.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum kind { KIND_TEXT, KIND_INT, KIND_BOOL };

struct key {
    const char *name;
    const char *env[2];
    enum kind kind;
    const char *text; /* defaults */
    int64_t number;
    int64_t min, max;
    const char *help;
};

static const struct key keys[CONFIG_KEY_COUNT] = {
#define KEY_TEXT(id, name, env, contract_env, value, help)                                         \
    [CONFIG_##id] = {name, {env, contract_env}, KIND_TEXT, value, 0, 0, 0, help},
#define KEY_INT(id, name, env, contract_env, value, min, max, help)                                \
    [CONFIG_##id] = {name, {env, contract_env}, KIND_INT, NULL, value, min, max, help},
#define KEY_BOOL(id, name, env, contract_env, value, help)                                         \
    [CONFIG_##id] = {name, {env, contract_env}, KIND_BOOL, NULL, value, 0, 1, help},
#include "config/keys.def"
#undef KEY_TEXT
#undef KEY_INT
#undef KEY_BOOL
};

/* Behind a key's own two. */
static const struct {
    enum config_key key;
    const char *env;
} also[] = {
#define KEY_TEXT(...)
#define KEY_INT(...)
#define KEY_BOOL(...)
#define KEY_ALSO(id, env) {CONFIG_##id, env},
#include "config/keys.def"
#undef KEY_TEXT
#undef KEY_INT
#undef KEY_BOOL
};

struct value {
    char *text;
    int64_t number;
    enum config_origin origin;
    const char *env; /* the variable it came from */
};

struct config {
    struct value values[CONFIG_KEY_COUNT];
};

void config_free(struct config *config)
{
    if (config == NULL)
        return;
    for (int i = 0; i < CONFIG_KEY_COUNT; i++)
        free(config->values[i].text);
    free(config);
}

/* true, 1, yes and false, 0, no in any case (greenlang 7.1, but a bad word is an error). */
static bool bool_parse(const char *text, int64_t *ret)
{
    static const char *const words[] = {"false", "true", "0", "1", "no", "yes"};

    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcasecmp(text, words[i]) == 0) {
            *ret = (int64_t)(i % 2);
            return true;
        }
    }
    return false;
}

static bool int_parse(const char *text, int64_t *ret)
{
    char *end;

    errno = 0;
    *ret = strtoll(text, &end, 10);
    return errno == 0 && end != text && *end == '\0';
}

static bool value_set(struct value *v, const struct key *key, const char *text, const char *source,
                      struct err *e)
{
    int64_t number = 0;

    if (key->kind == KIND_BOOL && !bool_parse(text, &number))
        return err_set(e, ERR_INVALID, "%s: '%s' is not true or false", source, text);
    if (key->kind == KIND_INT && !int_parse(text, &number))
        return err_set(e, ERR_INVALID, "%s: '%s' is not a whole number", source, text);
    if (key->kind == KIND_INT && (number < key->min || number > key->max))
        return err_set(e, ERR_INVALID, "%s: %lld is not from %lld to %lld", source,
                       (long long)number, (long long)key->min, (long long)key->max);
    free(v->text);
    v->text = mem_str(text);
    v->number = number;
    return true;
}

const char *config_variable_at(enum config_key key, int n)
{
    if (n < 2)
        return keys[key].env[n];
    for (size_t i = 0; i < ARRAY_LEN(also); i++) {
        if (also[i].key == key && n-- == 2)
            return also[i].env;
    }
    return NULL;
}

static bool load_env(struct config *config, char *(*get_env)(const char *), struct err *e)
{
    for (int i = 0; i < CONFIG_KEY_COUNT; i++) {
        for (int j = CONFIG_VARIABLES_MAX - 1; j >= 0; j--) { /* ours last: it wins */
            const char *name = config_variable_at((enum config_key)i, j);
            const char *text = name != NULL ? get_env(name) : NULL;

            if (text == NULL || *text == '\0')
                continue;
            if (!value_set(&config->values[i], &keys[i], text, name, e))
                return false;
            config->values[i].origin = ORIGIN_ENV;
            config->values[i].env = name;
        }
    }
    return true;
}

const char *config_variable(enum config_key key)
{
    return keys[key].env[0];
}

bool config_reads(const char *variable)
{
    for (int i = 0; i < CONFIG_KEY_COUNT; i++) {
        for (int j = 0; j < CONFIG_VARIABLES_MAX; j++) {
            const char *name = config_variable_at((enum config_key)i, j);

            if (name != NULL && strcmp(name, variable) == 0)
                return true;
        }
    }
    return false;
}

static int key_find(const char *name, size_t len)
{
    for (int i = 0; i < CONFIG_KEY_COUNT; i++) {
        if (strlen(keys[i].name) == len && strncmp(keys[i].name, name, len) == 0)
            return i;
    }
    return -1;
}

static bool unknown_flag(const char *name, struct err *e)
{
    const char *names[CONFIG_KEY_COUNT + 1] = {0};
    const char *near;

    for (int i = 0; i < CONFIG_KEY_COUNT; i++)
        names[i] = keys[i].name;
    near = text_nearest(name, names);
    return err_set(e, ERR_INVALID, "unknown flag --%s%s%s%s", name,
                   near != NULL ? "; did you mean --" : "", near != NULL ? near : "",
                   near != NULL ? "?" : "");
}

/* The texts in which a password may stand. */
static bool has_password(int key)
{
    return key == CONFIG_STORE || key == CONFIG_REDIS_URL || key == CONFIG_NATS_URL;
}

static bool load_flag(struct config *config, int argc, char **argv, int *at, struct err *e)
{
    const char *name = argv[*at] + 2;
    const char *equals = strchr(name, '=');
    int i = key_find(name, equals != NULL ? (size_t)(equals - name) : strlen(name));
    const char *text;
    char source[64];

    if (i < 0)
        return unknown_flag(name, e);
    if (equals != NULL)
        text = equals + 1;
    else if (keys[i].kind == KIND_BOOL)
        text = "true";
    else if (*at + 1 < argc)
        text = argv[++*at];
    else
        return err_set(e, ERR_INVALID, "--%s needs a value", name);
    snprintf(source, sizeof source, "--%s", keys[i].name);
    if (has_password(i) && password_is_in(text))
        return err_set(e, ERR_INVALID,
                       "%s: whoever lists processes reads a password on a command line: %s the "
                       "whole address in %s",
                       source, i == CONFIG_STORE ? "a password file (PGPASSFILE), or" : "write",
                       keys[i].env[0]);
    if (!value_set(&config->values[i], &keys[i], text, source, e))
        return false;
    config->values[i].origin = ORIGIN_FLAG;
    return true;
}

/* Of the one key that names tenants; the engine reads the list with the same separators. */
static bool check_tenants(const struct config *config, struct err *e)
{
    const char *at = config->values[CONFIG_WARM_TENANTS].text;

    for (at += strspn(at, ", "); *at != '\0'; at += strspn(at, ", ")) {
        size_t len = strcspn(at, ", ");
        auto_mem char *pattern = mem_strn(at, len);

        if (!name_check_tenant_pattern(pattern, e))
            return err_wrap(e, "%s: '%.64s'", config_origin_text(config, CONFIG_WARM_TENANTS),
                            pattern);
        at += len;
    }
    return true;
}

/* What of it only its user can tell (bridge/redis/target.h) is told by health. */
static bool check_url(const struct config *config, enum config_key key, const char *begins,
                      size_t bytes_max, struct err *e)
{
    const char *url = config->values[key].text;
    const char *source = config_origin_text(config, key);

    if (strlen(url) >= bytes_max)
        return err_set(e, ERR_INVALID, "%s: more than %zu bytes", source, bytes_max - 1);
    if (*url != '\0' && strncmp(url, begins, strlen(begins)) != 0)
        return err_set(e, ERR_INVALID, "%s: the address begins with %s", source, begins);
    return true;
}

bool config_load(int argc, char **argv, char *(*get_env)(const char *), struct config **ret,
                 bool *ret_help, struct err *e)
{
    auto_obj(config) config = mem_new(struct config);

    *ret_help = false;
    for (int i = 0; i < CONFIG_KEY_COUNT; i++) {
        config->values[i].text = mem_str(keys[i].text);
        config->values[i].number = keys[i].number;
    }
    if (!load_env(config, get_env, e))
        return false;
    for (int at = 1; at < argc; at++) {
        if (strcmp(argv[at], "--help") == 0 || strcmp(argv[at], "-h") == 0)
            *ret_help = true;
        else if (strncmp(argv[at], "--", 2) != 0)
            return err_set(e, ERR_INVALID, "unexpected argument '%s'", argv[at]);
        else if (!load_flag(config, argc, argv, &at, e))
            return false;
    }
    if (!name_check_tenant(config->values[CONFIG_TENANT].text, e))
        return err_wrap(e, "tenant: %s", config_origin_text(config, CONFIG_TENANT));
    if (!check_url(config, CONFIG_REDIS_URL, "redis://", REDIS_URL_BYTES_MAX, e))
        return err_wrap(e, "redis-url");
    if (!check_url(config, CONFIG_NATS_URL, "nats://", NATS_URL_BYTES_MAX, e))
        return err_wrap(e, "nats-url");
    if (!check_tenants(config, e))
        return err_wrap(e, "%s", keys[CONFIG_WARM_TENANTS].name);
    *ret = take(config);
    return true;
}

const char *config_text(const struct config *config, enum config_key key)
{
    assert(keys[key].kind == KIND_TEXT);
    return config->values[key].text;
}

int64_t config_int(const struct config *config, enum config_key key)
{
    assert(keys[key].kind == KIND_INT);
    return config->values[key].number;
}

bool config_bool(const struct config *config, enum config_key key)
{
    assert(keys[key].kind == KIND_BOOL);
    return config->values[key].number != 0;
}

const char *config_origin_text(const struct config *config, enum config_key key)
{
    switch (config->values[key].origin) {
    case ORIGIN_ENV:
        return config->values[key].env;
    case ORIGIN_FLAG:
        return "command line";
    default:
        return "default";
    }
}

static void add_value(struct buf *b, const struct key *key, const char *text, int64_t number)
{
    if (key->kind == KIND_TEXT)
        buf_adds(b, text);
    else if (key->kind == KIND_BOOL)
        buf_adds(b, number != 0 ? "true" : "false");
    else
        buf_addf(b, "%lld", (long long)number);
}

void config_help(struct buf *b)
{
    for (int i = 0; i < CONFIG_KEY_COUNT; i++) {
        buf_addf(b, "  --%-20s %s\n%25s[%s", keys[i].name, keys[i].help, "", keys[i].env[0]);
        for (int j = 1; j < CONFIG_VARIABLES_MAX; j++) {
            const char *name = config_variable_at((enum config_key)i, j);

            if (name != NULL)
                buf_addf(b, ", %s", name);
        }
        buf_adds(b, "; default ");
        if (keys[i].kind == KIND_TEXT && keys[i].text[0] == '\0')
            buf_adds(b, "(empty)");
        add_value(b, &keys[i], keys[i].text, keys[i].number);
        buf_adds(b, "]\n");
    }
}

const char *config_name(enum config_key key)
{
    return keys[key].name;
}

void config_add_value(const struct config *config, enum config_key key, struct buf *b)
{
    if (has_password((int)key))
        password_hide(config->values[key].text, b);
    else
        add_value(b, &keys[key], config->values[key].text, config->values[key].number);
}
