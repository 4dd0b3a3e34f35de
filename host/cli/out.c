/* out.c -- see out.h. */
#include "cli/out.h"

#include "base/mem.h"
#include "base/text.h"
#include "model/dag/draw/graph_text.h"

#include <assert.h>
#include <string.h>
#include <wchar.h>

enum { COLUMNS_MAX = 16, COLUMN_GAP = 2, KEY_PART_BYTES = 64 };

/* Decodes one code point of valid UTF-8. */
static size_t code_point(const char *text, wchar_t *ret)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t len = p[0] < 0x80 ? 1 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : 4;
    unsigned long c = len == 1 ? p[0] : p[0] & (0x7Fu >> len);

    for (size_t i = 1; i < len; i++)
        c = c << 6 | (p[i] & 0x3F);
    *ret = (wchar_t)c;
    return len;
}

static size_t columns_of(wchar_t c)
{
    int columns = wcwidth(c);

    return columns < 0 ? 1 : (size_t)columns; /* the C locale knows ASCII only */
}

size_t out_width(const char *text)
{
    size_t width = 0;

    for (wchar_t c; *text != '\0'; width += columns_of(c))
        text += code_point(text, &c);
    return width;
}

const char *out_sign(const struct cli *cli, const char *utf8, const char *ascii)
{
    return cli->set.utf8 ? utf8 : ascii;
}

/* The escape code at text ("ESC [ ... letter"), 0 bytes where there is none. */
static size_t escape_len(const char *text)
{
    size_t len;

    if (text[0] != '\x1b' || text[1] != '[')
        return 0;
    len = 2 + strspn(text + 2, "0123456789;");
    return text[len] != '\0' ? len + 1 : len;
}

static size_t visible_width(const char *line)
{
    size_t width = 0;

    for (wchar_t c; *line != '\0';) {
        size_t escape = escape_len(line);

        line += escape > 0 ? escape : code_point(line, &c);
        width += escape > 0 ? 0 : columns_of(c);
    }
    return width;
}

void out_add_clipped(const struct cli *cli, struct buf *b, const char *line, size_t columns)
{
    const char *ellipsis = out_sign(cli, "…", "...");
    size_t room = columns - (out_width(ellipsis) < columns ? out_width(ellipsis) : columns);
    bool fits = visible_width(line) <= columns;

    for (size_t width = 0, len; *line != '\0'; line += len) {
        bool escape = (len = escape_len(line)) > 0;
        wchar_t c;

        if (!escape) {
            len = code_point(line, &c);
            width += columns_of(c);
        }
        if (escape || fits || width <= room)
            buf_add(b, line, len);
    }
    if (!fits)
        buf_adds(b, ellipsis);
}

/* "a.b" */
static const json_t *member_at(const json_t *row, const char *key)
{
    while (row != NULL && *key != '\0') {
        char part[KEY_PART_BYTES];
        size_t len = strcspn(key, ".");

        assert(len < sizeof part);
        memcpy(part, key, len);
        part[len] = '\0';
        row = json_object_get(row, part);
        key += len + (key[len] == '.' ? 1 : 0);
    }
    return row;
}

static void add_cell(struct buf *b, const json_t *value);

static void add_list(struct buf *b, const json_t *list)
{
    const json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        buf_adds(b, i == 0 ? "" : ",");
        add_cell(b, item);
    }
}

static bool is_blank(const json_t *value)
{
    return value == NULL || json_is_null(value) ||
           (json_is_array(value) && json_array_size(value) == 0) ||
           (json_is_string(value) && json_string_length(value) == 0);
}

/* Depth is bounded by the parser of the value. */
static void add_cell(struct buf *b, const json_t *value)
{
    if (is_blank(value))
        buf_addc(b, '-');
    else if (json_is_string(value))
        text_add_printable(b, json_string_value(value), json_string_length(value));
    else if (json_is_boolean(value))
        buf_adds(b, json_is_true(value) ? "yes" : "no");
    else if (json_is_array(value))
        add_list(b, value);
    else
        json_add_compact(b, value);
}

static char *cell_text(const json_t *row, const char *key)
{
    auto_done(buf) b = {0};

    add_cell(&b, member_at(row, key));
    return b.data != NULL ? buf_take(&b) : mem_str("");
}

static size_t column_count(const struct out_column *columns)
{
    size_t n = 0;

    while (columns[n].title != NULL)
        n++;
    assert(n <= COLUMNS_MAX);
    return n;
}

static void put_padded(FILE *out, const char *text, size_t width, bool last)
{
    fputs(text, out);
    for (size_t w = out_width(text); !last && w < width + COLUMN_GAP; w++)
        fputc(' ', out);
    if (last)
        fputc('\n', out);
}

static void put_table(const struct cli *cli, const struct out_column *columns, const json_t *rows)
{
    size_t count = column_count(columns);
    size_t width[COLUMNS_MAX];
    const json_t *row;
    size_t r;

    for (size_t c = 0; c < count; c++) {
        width[c] = out_width(columns[c].title);
        json_array_foreach(rows, r, row)
        {
            auto_mem char *cell = cell_text(row, columns[c].key);
            size_t w = out_width(cell);

            width[c] = w > width[c] ? w : width[c];
        }
    }
    fputs(cli_style(cli, STYLE_BOLD), cli->out);
    for (size_t c = 0; c < count; c++)
        put_padded(cli->out, columns[c].title, width[c], c + 1 == count);
    fputs(cli_style(cli, STYLE_RESET), cli->out);
    json_array_foreach(rows, r, row)
    {
        for (size_t c = 0; c < count; c++) {
            auto_mem char *cell = cell_text(row, columns[c].key);

            put_padded(cli->out, cell, width[c], c + 1 == count);
        }
    }
}

static void put_json(FILE *out, const json_t *value, bool pretty)
{
    auto_done(buf) text = {0};

    if (pretty)
        json_add_pretty(&text, value);
    else
        json_add_compact(&text, value);
    fprintf(out, "%s\n", buf_text(&text));
}

static void put_yaml(FILE *out, const json_t *value)
{
    auto_done(buf) b = {0};

    yaml_add(&b, value);
    fputs(buf_text(&b), out);
}

static void put_names(FILE *out, const char *key, const json_t *rows)
{
    const json_t *row;
    size_t i;

    json_array_foreach(rows, i, row)
    {
        auto_mem char *cell = cell_text(row, key);

        fprintf(out, "%s\n", cell);
    }
}

void out_rows(const struct cli *cli, const struct out_column *columns, const json_t *rows,
              const json_t *whole)
{
    const json_t *row;
    size_t i;

    switch (cli->set.format) {
    case CLI_TABLE:
        put_table(cli, columns, rows);
        return;
    case CLI_JSON:
        put_json(cli->out, whole != NULL ? whole : rows, true);
        return;
    case CLI_YAML:
        put_yaml(cli->out, whole != NULL ? whole : rows);
        return;
    case CLI_NDJSON:
        json_array_foreach(rows, i, row) put_json(cli->out, row, false);
        return;
    case CLI_NAME:
        put_names(cli->out, columns[0].key, rows);
        return;
    case CLI_FORMAT_COUNT:
        break;
    }
    assert(!"a format without its case");
}

static void put_members(const struct cli *cli, const struct out_column *columns,
                        const json_t *object)
{
    size_t widest = 0;

    for (size_t c = 0; columns[c].title != NULL; c++)
        widest = strlen(columns[c].title) > widest ? strlen(columns[c].title) : widest;
    for (size_t c = 0; columns[c].title != NULL; c++) {
        auto_mem char *cell = cell_text(object, columns[c].key);

        put_padded(cli->out, columns[c].title, widest, false);
        fprintf(cli->out, "%s\n", cell);
    }
}

void out_object(const struct cli *cli, const struct out_column *columns, const json_t *object)
{
    if (cli->set.format == CLI_TABLE) {
        put_members(cli, columns, object);
    } else if (cli->set.format == CLI_NAME) {
        auto_mem char *cell = cell_text(object, columns[0].key);

        fprintf(cli->out, "%s\n", cell);
    } else {
        out_value(cli, object);
    }
}

void out_value(const struct cli *cli, const json_t *value)
{
    if (cli->set.format == CLI_YAML)
        put_yaml(cli->out, value);
    else
        put_json(cli->out, value, cli->set.format != CLI_NDJSON);
}

void out_id(const struct cli *cli, const char *id, const json_t *reply)
{
    auto_json made = NULL;

    if (cli->set.format == CLI_TABLE || cli->set.format == CLI_NAME) {
        auto_done(buf) line = {0};

        text_add_printable(&line, id, strlen(id));
        fprintf(cli->out, "%s\n", buf_text(&line));
        return;
    }
    if (reply == NULL) {
        made = json_pack("{s:s}", "id", id);
        reply = made;
    }
    out_value(cli, reply);
}
