/* cli.h -- `orch`: one table of verbs drives parsing, help, completion and the man pages.
 *
 * A group (`orch dag`) is a name and a table of verbs; a verb is a row: flags, arguments, handler.
 * A verb that stands alone (`orch version`) is a group with one verb whose name is NULL. Every
 * file cmd_<group>*.c belongs to one group and exports `const struct cli_group cli_group_<group>`;
 * verbs.c lists the groups in the order of the help text.
 *
 * A handler reads its flags with cli_flag_*, prints results on cli->out through cli/out.h and prose
 * through cli_say, and returns false with *e set when it could not do its work. A verb that did its
 * work and has bad news (a run that failed, a plan that is not valid) returns true after
 * cli_exit(cli, CLI_EXIT_FAILED). Nothing here exits the process but main.c.
 *
 * Ids go alone to standard output, prose to standard error (USERS.md 1.2). Exit codes:
 * contract/stellaops.md 4.1; with --exit-codes=fine USERS.md 2, note C. */
#ifndef ORCH_CLI_CLI_H
#define ORCH_CLI_CLI_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct cli;
struct client;

enum cli_flag_type {
    FLAG_INVALID,
    FLAG_BOOL,     /* no value */
    FLAG_TEXT,     /* any text */
    FLAG_FILE,     /* a path, or "-" for standard input; completes as a file */
    FLAG_INT,      /* min..max */
    FLAG_CHOICE,   /* one of choices */
    FLAG_DURATION, /* 250ms, 30s, 5m, 2h */
    FLAG_TYPE_COUNT,
};

struct cli_flag {
    const char *name; /* "dag-id"; NULL ends a table */
    char letter;      /* 'o', 0 for none */
    enum cli_flag_type type;
    bool required;
    const char *value;    /* what the value is called in help, as "FILE"; NULL for FLAG_BOOL */
    const char *fallback; /* the default as it would be typed; NULL for none */
    const char *choices;  /* "table|json", for FLAG_CHOICE */
    int64_t min, max;     /* for FLAG_INT */
    const char *help;     /* one sentence, no full stop */
};

struct cli_arg {
    const char *name; /* "RUN"; NULL ends a table */
    bool required;
    bool many; /* takes the rest; only the last may */
    const char *help;
};

typedef bool cli_handler_fn(struct cli *cli, struct err *e);

struct cli_verb {
    const char *name; /* "list"; NULL for the only verb of a group that stands alone */
    const char *summary;
    const char *details; /* paragraphs for --help and the man page, "\n\n" between; may be NULL */
    const struct cli_flag *flags; /* may be NULL */
    const struct cli_arg *args;   /* may be NULL */
    bool needs_server;            /* help says so */
    cli_handler_fn *handler;
};

struct cli_group {
    const char *name; /* "dag" */
    const char *summary;
    const struct cli_verb *verbs; /* ends with a row without handler */
};

/* Every verb of one row: finds by name, NULL when there is none. */
const struct cli_group *cli_group_find(const char *name);
const struct cli_verb *cli_verb_find(const struct cli_group *group, const char *name);

/* What a verb ended with; core is the contract's code, fine the one behind --exit-codes=fine. */
/*     name             core fine  meaning */
#define CLI_EXIT_MAP(XX)                                                                           \
    XX(OK, 0, 0, "done")                                                                           \
    XX(FAILED, 1, 1, "the run, the validation or the request failed")                              \
    XX(USAGE, 1, 2, "the command line or the input is wrong")                                      \
    XX(AUTH, 2, 3, "no valid token, a scope or the tenant is missing")                             \
    XX(NOT_FOUND, 1, 4, "no such thing for this tenant")                                           \
    XX(OFFLINE, 1, 5, "the host cannot be reached")                                                \
    XX(CONFLICT, 1, 6, "the state of the thing does not allow it")                                 \
    XX(TIMEOUT, 1, 7, "the time that --timeout gives has passed")                                  \
    XX(UNVERIFIED, 1, 8, "a signature or a hash is wrong")                                         \
    XX(TRANSIENT, 1, 10, "try again later; the only code worth an automatic retry")                \
    XX(CANCEL_REJECTED, 3, 6, "the run could not be cancelled")

enum cli_exit {
#define XX(name, core, fine, meaning) CLI_EXIT_##name,
    CLI_EXIT_MAP(XX)
#undef XX
        CLI_EXIT_COUNT,
};

enum cli_format {
    CLI_TABLE,
    CLI_JSON,
    CLI_NDJSON,
    CLI_YAML,
    CLI_NAME, /* ids only */
    CLI_FORMAT_COUNT,
};

/* The global flags, resolved: flag, then environment, then what ORCH_HOME holds. */
struct cli_settings {
    const char *home;        /* ORCH_HOME, ".orch" */
    const char *url;         /* --api-url, ORCH_URL */
    const char *tenant;      /* --tenant, ORCH_TENANT; NULL leaves it to the host */
    const char *token;       /* --token, ORCH_TOKEN, ORCH_HOME/token; NULL for none */
    const char *traceparent; /* NULL for none */
    const char *reason;      /* for the audit, or NULL */
    const char *ticket;
    const char *page_token; /* NULL for the first page */
    int page_size;
    int64_t timeout_ms; /* 0: no limit of our own */
    enum cli_format format;
    bool quiet;
    bool verbose;
    bool color; /* escape codes may be written to out */
    bool tty;   /* out is a terminal: redraw is allowed */
    bool utf8;  /* signs beyond ASCII may be drawn */
    bool fine_exits;
};

enum { CLI_FLAGS_MAX = 48, CLI_ARGS_MAX = 64 };

struct cli {
    const struct cli_group *group;
    const struct cli_verb *verb;
    struct cli_settings set;
    FILE *out;
    FILE *err;
    enum cli_exit exit;

    /* Private to parse.c, read through the functions below. */
    const struct cli_flag *flags[CLI_FLAGS_MAX];
    const char *values[CLI_FLAGS_MAX]; /* borrowed from argv; NULL: not given */
    size_t flag_count;
    const char *args[CLI_ARGS_MAX + 1]; /* borrowed from argv, ends with NULL */
    size_t arg_count;
    bool help;
    char *token_owned;     /* read from ORCH_HOME/token */
    char *run_id_owned;    /* found by the beginning of it */
    struct client *client; /* made by the first request */
};

void cli_done(struct cli *cli);
DEFINE_AUTO_DONE(cli)

/* A flag that the verb does not declare is our bug and asserts; given or not, the type was checked
 * while parsing. */
const char *cli_flag_text(const struct cli *cli, const char *name); /* NULL: absent, no default */
bool cli_flag_bool(const struct cli *cli, const char *name);
int64_t cli_flag_int(const struct cli *cli, const char *name);
int64_t cli_flag_ms(const struct cli *cli, const char *name); /* FLAG_DURATION */
bool cli_flag_given(const struct cli *cli, const char *name);
/* The nth positional argument, or NULL. */
const char *cli_arg(const struct cli *cli, size_t index);

/* Prose for the person, on standard error; nothing with --quiet. A line break is added. */
void cli_say(const struct cli *cli, const char *fmt, ...) printf_like(2, 3);
/* The exit of a verb that did its work, CLI_EXIT_OK by default; of one that fails, it goes before
 * the exit that stands for the error. */
void cli_exit(struct cli *cli, enum cli_exit exit);
int cli_exit_code(enum cli_exit exit, bool fine);
/* The exit that stands for an error. */
enum cli_exit cli_exit_of(enum err_code code);

/* Terminal styles; each gives "" when cli->set.color is false. */
enum cli_style {
    STYLE_RESET,
    STYLE_BOLD,
    STYLE_DIM,
    STYLE_RED,
    STYLE_GREEN,
    STYLE_YELLOW,
    STYLE_CYAN,
    STYLE_COUNT
};
const char *cli_style(const struct cli *cli, enum cli_style style);

/* The groups, in the order of the help text; ends with NULL. */
extern const struct cli_group *const cli_groups[];
/* Flags that every verb takes; ends with a NULL name. */
extern const struct cli_flag cli_global_flags[];

/* One file each, cmd_*.c. */
extern const struct cli_group cli_group_dag, cli_group_run, cli_group_why, cli_group_verify,
    cli_group_ledger, cli_group_secret, cli_group_token, cli_group_trust, cli_group_key,
    cli_group_plugin, cli_group_doctor, cli_group_host, cli_group_lane, cli_group_schedule,
    cli_group_backfill, cli_group_store, cli_group_config, cli_group_explain, cli_group_completion,
    cli_group_man, cli_group_version, cli_group_help, cli_group_dlq, cli_group_task;

#endif
