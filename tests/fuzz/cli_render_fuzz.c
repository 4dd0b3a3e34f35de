/* cli_render_fuzz.c -- whatever a host answers, the CLI shows it without harm: any JSON as a trace,
 * as rows, as YAML. */
#include "base/json.h"
#include "cli/out.h"
#include "cli/tree.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void show_rows(const json_t *value, enum cli_format format)
{
    static const struct out_column columns[] = {{"RUN", "runId"},
                                                {"STATUS", "status"},
                                                {"ERROR", "error.message"},
                                                {NULL, NULL}};
    char *text = NULL;
    size_t text_len = 0;
    struct cli cli = {.set = {.format = format}, .out = open_memstream(&text, &text_len)};

    assert(cli.out != NULL);
    out_rows(&cli, columns, value, NULL);
    out_object(&cli, columns, value);
    fclose(cli.out);
    assert(format == CLI_YAML || memchr(text, '\x1b', text_len) == NULL);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const struct json_limits limits = {64 * 1024, 32, 0};
    auto_json value = NULL;
    auto_done(buf) b = {0};
    struct cli cli = {0};
    struct tree_view view = {.trace = NULL};

    if (!json_parse((const char *)bytes, len, &limits, &value, NULL, NULL))
        return 0;
    view.trace = view.records = value;
    tree_add(&cli, &b, &view);
    view.rows_max = 1;
    tree_add(&cli, &b, &view);
    tree_add_totals(&b, value);
    tree_add_changes(&b, NULL, value);
    tree_add_changes(&b, value, value);
    assert(b.len == 0 || memchr(b.data, '\x1b', b.len) == NULL);
    for (int format = CLI_TABLE; format < CLI_FORMAT_COUNT; format++)
        show_rows(value, (enum cli_format)format);
    return 0;
}
