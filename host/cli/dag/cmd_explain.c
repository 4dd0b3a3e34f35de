/* cmd_explain.c -- `orch explain CODE`; see explain.h. */
#include "cli/dag/explain.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/out.h"
#include "model/words/outcomes.h"

#include <string.h>
#include <strings.h>

const struct code_text code_texts[] = {
#define CODE(code, meaning, remedy) {code, meaning, remedy},
#include "cli/codes.def"
#undef CODE
};
const size_t code_text_count = ARRAY_LEN(code_texts);

const struct code_text *code_text_find(const char *code)
{
    const struct code_text *found = NULL;

    for (size_t i = 0; i < code_text_count; i++) {
        if (strcmp(code_texts[i].code, code) == 0)
            return &code_texts[i];
        if (found == NULL && strcasecmp(code_texts[i].code, code) == 0)
            found = &code_texts[i];
    }
    return found;
}

static bool unknown_code(const char *code, struct err *e)
{
    const char *words[ARRAY_LEN(code_texts) + 1] = {NULL};
    const char *near;

    for (size_t i = 0; i < code_text_count; i++)
        words[i] = code_texts[i].code;
    near = text_nearest(code, words);
    if (near != NULL)
        return err_set(e, ERR_NOT_FOUND, "no code '%s'; did you mean '%s'?", code, near);
    return err_set(e, ERR_NOT_FOUND,
                   "the host has no code '%s'; when it came as the class of an agent's error, the "
                   "agent's documentation explains it",
                   code);
}

static json_t *row_of(const struct code_text *text)
{
    return json_pack("{s:s, s:s, s:s}", "code", text->code, "meaning", text->meaning, "remedy",
                     text->remedy);
}

/* The outcomes whose error class this is, where the agent gave none of its own. */
static json_t *rows_of_class(const char *name)
{
    json_t *rows = json_array();

    for (int i = OUTCOME_INVALID + 1; i < OUTCOME_COUNT; i++)
        if (*name != '\0' && strcasecmp(outcome_error_class((enum outcome)i), name) == 0)
            json_array_append_new(rows, row_of(code_text_find(outcome_name((enum outcome)i))));
    return rows;
}

static json_t *every_row(void)
{
    json_t *rows = json_array();

    for (size_t i = 0; i < code_text_count; i++)
        json_array_append_new(rows, row_of(&code_texts[i]));
    return rows;
}

static bool explain(struct cli *cli, struct err *e)
{
    static const struct out_column columns[] = {{"code", "code"},
                                                {"meaning", "meaning"},
                                                {"to do", "remedy"},
                                                {NULL, NULL}};
    const char *code = cli_arg(cli, 0);
    const struct code_text *text = code != NULL ? code_text_find(code) : NULL;

    if (text != NULL) {
        auto_json row = row_of(text);

        out_object(cli, columns, row);
        return true;
    }
    auto_json rows = code != NULL ? rows_of_class(code) : every_row();

    if (json_array_size(rows) == 0)
        return unknown_code(code, e);
    out_rows(cli, columns, rows, NULL);
    return true;
}

static const struct cli_arg args[] = {
    {"CODE", false, false,
     "a code of an error, a finding or an outcome, or an error class of the host; all when absent"},
    {NULL, false, false, NULL},
};
static const struct cli_verb verbs[] = {
    {.summary = "Tell what a code means and what to do", .args = args, .handler = explain},
    {.handler = NULL},
};
const struct cli_group cli_group_explain = {.name = "explain",
                                            .summary = "What an error code means and what to do",
                                            .verbs = verbs};
