/* tables.c -- `docs_tables SECTION`: prints one generated part of the documents as Markdown, from
 * the tables that the program itself uses. scripts/generate_docs.py puts it in its place; the test
 * docs_generated compares. */
#include "api/routes/routes.h"
#include "base/limits.h"
#include "cli/cli.h"
#include "model/dag/source/load.h"
#include "model/dag/source/schema.h"
#include "model/words/outcomes.h"
#include "observe/metrics.h"
#include "sandbox/profile/profile.h"
#include "sandbox/wire/layer.h"

#include <stdio.h>
#include <string.h>

static const char *cell(const char *text)
{
    return text != NULL && *text != '\0' ? text : "-";
}

/* ---- API.md ---- */

/* "a b! c" as `a` `b` (required) `c`. */
static void print_words(const char *words)
{
    if (*words == '\0')
        printf("-");
    while (*words != '\0') {
        size_t len = strcspn(words, " !");
        bool required = words[len] == '!';

        printf("`%.*s`%s", (int)len, words, required ? " (required)" : "");
        words += len + required;
        words += strspn(words, " ");
        printf("%s", *words != '\0' ? " " : "");
    }
}

static void print_body(const struct route *row)
{
    if (row->body == BODY_NONE) {
        printf("-");
        return;
    }
    if (row->body == BODY_BYTES)
        printf("calls");
    else if (strcmp(row->fields, "*") == 0)
        printf("%s",
               strstr(row->pattern, "/lanes/") != NULL ? "members of a lane" : "a definition");
    else if (*row->fields == '\0')
        printf("`{}`");
    else
        print_words(row->fields);
    printf("; %s%u KiB at most", row->body == BODY_OPTIONAL ? "may be absent, " : "",
           row->body_bytes_max / 1024);
}

static void routes(void)
{
    printf("| route | needs | body | query | answers | operation |\n"
           "| --- | --- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < api_routes.count; i++) {
        const struct route *row = &api_routes.rows[i];

        printf("| `%s %s` | %s | ", http_method_text(row->method), row->pattern,
               route_need_text(row->need));
        print_body(row);
        printf(" | ");
        print_words(row->queries);
        printf(" | %d | %s |\n", row->success, row->operation);
    }
}

static void errors(void)
{
    printf("| kind | status | worth a retry |\n| --- | --- | --- |\n");
    for (int code = ERR_NONE + 1; code < ERR_CODE_COUNT; code++)
        printf("| %s | %d | %s |\n", err_code_text((enum err_code)code),
               err_code_http((enum err_code)code),
               err_code_retryable((enum err_code)code) ? "yes" : "no");
}

static void limits(void)
{
    static const struct {
        const char *what;
        unsigned bytes;
    } rows[] = {
        {"request body", HTTP_BODY_BYTES_MAX},
        {"definition", DEFINITION_BYTES_MAX},
        {"input of a run", RUN_INPUT_BYTES_MAX},
        {"input of a node", NODE_INPUT_BYTES_MAX},
        {"output of a node", NODE_OUTPUT_BYTES_MAX},
        {"output of a run", RUN_OUTPUT_BYTES_MAX},
        {"outputs of all nodes of a run", RUN_KEPT_BYTES_MAX},
        {"errors of a run", RUN_ERRORS_BYTES_MAX},
        {"compensations of a run", RUN_COMPENSATIONS_BYTES_MAX},
        {"statement of a run", DSSE_PAYLOAD_BYTES_MAX},
        {"plugin bundle", BUNDLE_BYTES_MAX},
    };

    printf("| what | at most |\n| --- | --- |\n");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        printf("| %s | %u KiB |\n", rows[i].what, rows[i].bytes / 1024);
    printf("| values in the input of a run | %u |\n", RUN_INPUT_VALUES_MAX);
    printf("| values in the input of a node | %u |\n", NODE_INPUT_VALUES_MAX);
    printf("| values in the output of a node | %u |\n", NODE_OUTPUT_VALUES_MAX);
    printf("| values in a definition | %u |\n", DEFINITION_VALUES_MAX);
    printf("| depth of JSON | %u |\n| nodes of a DAG | %u |\n", JSON_DEPTH_MAX, DAG_NODES_MAX);
    printf("| id of a DAG, node or agent | %u bytes |\n", NODE_ID_BYTES_MAX);
    printf(
        "| tenant, name of a secret | %u characters of `A-Z a-z 0-9 . _ -`, not beginning with a "
        "dot |\n",
        TENANT_BYTES_MAX);
    printf(
        "| subject of a token | %u bytes of UTF-8 without control characters or a blank at either "
        "end |\n",
        SUBJECT_BYTES_MAX);
}

/* ---- OPERATIONS.md ---- */

#define NUMBER_(text) #text
#define NUMBER(text) NUMBER_(text)

static void settings(void)
{
    static const struct {
        const char *id, *name, *env, *contract_env, *value, *bounds, *help;
    } rows[] = {
#define KEY_TEXT(id, name, env, contract, value, help)                                             \
    {#id, name, env, contract, value, NULL, help},
#define KEY_INT(id, name, env, contract, value, min, max, help)                                    \
    {#id, name, env, contract, NUMBER(value), NUMBER(min) " to " NUMBER(max), help},
#define KEY_BOOL(id, name, env, contract, value, help)                                             \
    {#id, name, env, contract, (value) ? "true" : "false", NULL, help},
#include "config/keys.def"
#undef KEY_TEXT
#undef KEY_INT
#undef KEY_BOOL
    };

    static const struct {
        const char *id, *env;
    } also[] = {
#define KEY_TEXT(...)
#define KEY_INT(...)
#define KEY_BOOL(...)
#define KEY_ALSO(id, env) {#id, env},
#include "config/keys.def"
#undef KEY_TEXT
#undef KEY_INT
#undef KEY_BOOL
    };

    printf("| flag | environment | default | bounds | meaning |\n"
           "| --- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        printf("| `--%s` | `%s`", rows[i].name, rows[i].env);
        if (rows[i].contract_env != NULL)
            printf(" or `%s`", rows[i].contract_env);
        for (size_t j = 0; j < ARRAY_LEN(also); j++) {
            if (strcmp(also[j].id, rows[i].id) == 0)
                printf(" or `%s`", also[j].env);
        }
        printf(" | %s | %s | %s |\n", cell(rows[i].value), cell(rows[i].bounds), rows[i].help);
    }
}

static void metrics(void)
{
    static const char *const types[] = {
        [METRIC_COUNTER] = "counter", [METRIC_GAUGE] = "gauge", [METRIC_HISTOGRAM] = "histogram"};
    static const struct {
        const char *name, *labels, *help;
        enum metric_type type;
    } rows[] = {
#define XX(id, type, name, labels, bounds, help) {name, labels, help, METRIC_##type},
        METRIC_MAP(XX)
#undef XX
    };

    printf("| metric | type | labels | meaning |\n| --- | --- | --- | --- |\n");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        printf("| `%s` | %s | %s | %s |\n", rows[i].name, types[rows[i].type], cell(rows[i].labels),
               rows[i].help);
}

static void exits(void)
{
    static const struct {
        int core, fine;
        const char *meaning;
    } rows[] = {
#define XX(name, core, fine, meaning) {core, fine, meaning},
        CLI_EXIT_MAP(XX)
#undef XX
    };

    printf("| exit code | with `--exit-codes fine` | meaning |\n| --- | --- | --- |\n");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        printf("| %d | %d | %s |\n", rows[i].core, rows[i].fine, rows[i].meaning);
}

/* ---- SANDBOX.md ---- */

static void layers(void)
{
    uint32_t all = (1u << LAYER_COUNT) - 1;

    printf("| layer | when it is missing | level without it |\n| --- | --- | --- |\n");
    for (int bit = 0; bit < LAYER_COUNT; bit++)
        printf("| `%s` | %s | %d |\n", layer_name((enum layer_bit)bit),
               layer_consequence((enum layer_bit)bit), layer_level(all & ~(1u << bit)));
}

static const char *meaning_of(const char *code)
{
    static const struct {
        const char *code, *meaning;
    } codes[] = {
#define CODE(code, meaning, remedy) {code, meaning},
#include "cli/codes.def"
#undef CODE
    };

    for (size_t i = 0; i < ARRAY_LEN(codes); i++)
        if (strcmp(codes[i].code, code) == 0)
            return codes[i].meaning;
    return "-";
}

static void outcomes(void)
{
    printf("| outcome | another attempt by default | meaning |\n| --- | --- | --- |\n");
    for (int i = OUTCOME_INVALID + 1; i < OUTCOME_COUNT; i++) {
        const char *name = outcome_name((enum outcome)i);

        printf("| `%s` | %s | %s |\n", name,
               outcome_retry((enum outcome)i) != RETRY_NEVER ? "yes" : "no", meaning_of(name));
    }
}

/* The system calls of one verdict, in the order of their numbers. */
static void print_calls(const char *verdict)
{
    const char *between = "";

    printf("| %s | ", verdict);
    for (size_t i = 0; i < profile_table_count; i++) {
        const struct rule *rule = profile_rule(&profile_table[i], STAGE_PURE, true);

        if (strcmp(rule->text, verdict) != 0)
            continue;
        printf("%s`%s`", between, profile_table[i].name);
        between = " ";
    }
    printf(" |\n");
}

static bool seen_before(size_t row)
{
    const char *verdict = profile_rule(&profile_table[row], STAGE_PURE, true)->text;

    for (size_t i = 0; i < row; i++)
        if (strcmp(profile_rule(&profile_table[i], STAGE_PURE, true)->text, verdict) == 0)
            return true;
    return false;
}

static void calls(void)
{
    printf("| answer | system calls |\n| --- | --- |\n");
    for (size_t i = 0; i < profile_table_count; i++) {
        const char *verdict = profile_rule(&profile_table[i], STAGE_PURE, true)->text;

        if (!seen_before(i) && strcmp(verdict, "KILL") != 0)
            print_calls(verdict);
    }
    printf("| KILL | every other one |\n");
}

/* ---- DEFINITIONS.md and docs/dag.schema.json ---- */

static void fields_of(const struct field *f)
{
    printf("| field | what it must be | not given | meaning |\n| --- | --- | --- | --- |\n");
    for (; f->name != NULL; f++) {
        auto_done(buf) form = {0};

        field_add_form(&form, f);
        printf("| `%s` | %s | %s%s%s | %s |\n", f->name, buf_text(&form),
               f->absent != NULL ? "`" : "", f->absent != NULL ? f->absent : "-",
               f->absent != NULL ? "`" : "", f->help);
    }
}

static void dag(void)
{
    fields_of(dag_fields);
}
static void node(void)
{
    fields_of(node_fields);
}
static void retry_policy(void)
{
    fields_of(retry_fields);
}
static void timeout_policy(void)
{
    fields_of(timeout_fields);
}
static void deadline(void)
{
    fields_of(deadline_fields);
}
static void concurrency(void)
{
    fields_of(concurrency_fields);
}
static void debounce(void)
{
    fields_of(debounce_fields);
}
static void node_limits(void)
{
    fields_of(limit_fields);
}
static void handler(void)
{
    fields_of(compensation_fields);
}

static void names_of(const struct alias *aliases, const char *of)
{
    for (; aliases->given != NULL; aliases++)
        printf("| %s | `%s` | `%s` |\n", of, aliases->given, aliases->native);
}

static void names(void)
{
    printf("| of | may be written | instead of |\n| --- | --- | --- |\n");
    names_of(dag_aliases, "the definition");
    names_of(step_aliases, "a step");
}

static void schema(void)
{
    auto_json value = dag_schema_owned();
    auto_done(buf) text = {0};

    json_add_pretty(&text, value);
    puts(buf_text(&text));
}

static const struct {
    const char *name;
    void (*print)(void);
} sections[] = {
    {"routes", routes},
    {"errors", errors},
    {"limits", limits},
    {"settings", settings},
    {"metrics", metrics},
    {"exits", exits},
    {"layers", layers},
    {"outcomes", outcomes},
    {"calls", calls},
    {"definition", dag},
    {"node", node},
    {"retry_policy", retry_policy},
    {"timeout_policy", timeout_policy},
    {"deadline", deadline},
    {"concurrency", concurrency},
    {"debounce", debounce},
    {"node_limits", node_limits},
    {"handler", handler},
    {"names", names},
    {"schema", schema},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 2 && i < ARRAY_LEN(sections); i++) {
        if (strcmp(sections[i].name, argv[1]) == 0) {
            sections[i].print();
            return 0;
        }
    }
    fprintf(stderr, "usage: docs_tables SECTION, one of:");
    for (size_t i = 0; i < ARRAY_LEN(sections); i++)
        fprintf(stderr, " %s", sections[i].name);
    fputc('\n', stderr);
    return 2;
}
