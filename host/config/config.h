/* config.h -- the settings of orchd: command line over environment over default, from the one
 * table keys.def. A value that does not fit is an error that names where it came from; nothing
 * falls back silently. Immutable once loaded. */
#ifndef ORCH_CONFIG_CONFIG_H
#define ORCH_CONFIG_CONFIG_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum config_key {
#define KEY_TEXT(id, name, env, contract_env, value, help) CONFIG_##id,
#define KEY_INT(id, name, env, contract_env, value, min, max, help) CONFIG_##id,
#define KEY_BOOL(id, name, env, contract_env, value, help) CONFIG_##id,
#include "config/keys.def"
#undef KEY_TEXT
#undef KEY_INT
#undef KEY_BOOL
    CONFIG_KEY_COUNT,
};

enum config_origin { ORIGIN_DEFAULT, ORIGIN_ENV, ORIGIN_FLAG };

struct config;

/* argv as main got it: --name VALUE, --name=VALUE; a boolean may stand alone. `get_env` is getenv
 * or a test's. ERR_INVALID names the flag or the variable; *ret_help is true for --help. */
bool config_load(int argc, char **argv, char *(*get_env)(const char *), struct config **ret,
                 bool *ret_help, struct err *e) must_check;
void config_free(struct config *config);
DEFINE_AUTO(config)

const char *config_text(const struct config *config, enum config_key key);
int64_t config_int(const struct config *config, enum config_key key);
bool config_bool(const struct config *config, enum config_key key);

const char *config_name(enum config_key key); /* "listen" */
/* Appends the value as it would be typed, without a password. */
void config_add_value(const struct config *config, enum config_key key, struct buf *b);
/* Where the value came from: "default", "ORCH_LISTEN", "--listen". */
const char *config_origin_text(const struct config *config, enum config_key key);
/* A variable of this name is a setting. */
bool config_reads(const char *variable);
/* The variable that is ours for a key. */
const char *config_variable(enum config_key key);
/* The nth of a key, ours first: one that comes before counts. NULL: there is none. */
enum { CONFIG_VARIABLES_MAX = 4 };
const char *config_variable_at(enum config_key key, int n);
/* Tells each variable with our prefix or GreenLang's that nobody reads, each whose value another
 * one overrules, and what counts in its place: whoever set it should hear that nothing came of it.
 */
typedef void (*config_tell)(void *arg, const char *name, const char *instead);
void config_tell_ignored(char *const *environment, config_tell tell, void *arg);
/* One line a key: name, environment names, default, help. */
void config_help(struct buf *b);

#endif
