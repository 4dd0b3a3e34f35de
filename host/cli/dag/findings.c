/* findings.c -- see findings.h. */
#include "cli/dag/findings.h"

#include "base/text.h"

#include <string.h>

enum { SOURCE_LINE_BYTES_MAX = 200 };

/* The line'th line of text, from 1; false when there is none. */
static bool find_line(const struct buf *text, int line, const char **ret, size_t *ret_len)
{
    const char *at = buf_text(text);
    const char *end = at + text->len;

    for (int n = 1; n < line; n++) {
        at = memchr(at, '\n', (size_t)(end - at));
        if (at == NULL)
            return false;
        at++;
    }
    *ret = at;
    *ret_len = strcspn(at, "\r\n");
    return *ret_len > 0;
}

/* The line without control characters (a tab is one blank), then a caret under the column. */
static void add_source(const struct cli *cli, struct buf *b, const char *line, size_t len,
                       int column)
{
    int at = 1;

    if (len > SOURCE_LINE_BYTES_MAX || column < 1 || !text_utf8_valid(line, len))
        return;
    buf_adds(b, "    ");
    for (size_t i = 0; i < len; i++)
        buf_addc(b, (unsigned char)line[i] < 0x20 || line[i] == 0x7F ? ' ' : line[i]);
    buf_adds(b, "\n    ");
    for (; at < column; at++)
        buf_addc(b, ' ');
    buf_addf(b, "%s^%s\n", cli_style(cli, STYLE_GREEN), cli_style(cli, STYLE_RESET));
}

static void add_finding(const struct cli *cli, struct buf *b, const char *file,
                        const struct buf *text, const struct dag_finding *finding)
{
    const char *line;
    size_t len;

    buf_adds(b, cli_style(cli, STYLE_BOLD));
    text_add_printable(b, file, strlen(file));
    if (finding->place.line > 0)
        buf_addf(b, ":%d:%d", finding->place.line, finding->place.column);
    buf_addf(b, ":%s %s%s:%s ", cli_style(cli, STYLE_RESET), cli_style(cli, STYLE_RED),
             finding_type_text(finding->type), cli_style(cli, STYLE_RESET));
    text_add_printable(b, finding->message, strlen(finding->message));
    buf_addc(b, '\n');
    if (finding->place.line > 0 && find_line(text, finding->place.line, &line, &len))
        add_source(cli, b, line, len, finding->place.column);
}

void findings_add(const struct cli *cli, struct buf *b, const char *file, const struct buf *text,
                  const struct dag_findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        add_finding(cli, b, file, text, &findings->items[i]);
}
