/* csv.c -- reading the CSV form: RFC 4180 fields without line breaks inside, LF or CRLF, an
 * optional byte order mark, "# key: value" lines before the header. Errors name row and column. */
#include "facility.h"

#include <stdlib.h>
#include <string.h>

enum column { COL_MONTH, COL_ACTIVITY, COL_QUANTITY, COL_UNIT, COL_COUNT };
static const char *const column_names[COL_COUNT] = {"month", "activity", "quantity", "unit"};

#define NUMBER_BYTES_MAX 63u

struct csv {
    struct job *job;
    struct facility *f;
    const char *at, *end; /* what is not read yet */
    int64_t line;
    uint32_t order[COL_COUNT]; /* column of the nth field */
    bool has_header;
    orch_bytes year, lb_per_mwh; /* texts until they are read */
};

static orch_bytes view(const char *from, const char *to)
{
    orch_bytes b = {from, (uint64_t)(to - from)};

    return b;
}

static orch_bytes trim(orch_bytes b)
{
    const char *from = b.ptr, *to = from + b.len;

    while (from < to && (*from == ' ' || *from == '\t'))
        from++;
    while (to > from && (to[-1] == ' ' || to[-1] == '\t'))
        to--;
    return view(from, to);
}

static bool next_line(struct csv *c, orch_bytes *ret)
{
    const char *end;

    if (c->at >= c->end)
        return false;
    end = memchr(c->at, '\n', (size_t)(c->end - c->at));
    if (end == NULL)
        end = c->end;
    *ret = view(c->at, end > c->at && end[-1] == '\r' ? end - 1 : end);
    c->at = end < c->end ? end + 1 : end;
    c->line++;
    return true;
}

/* A whole number or a decimal, nothing else: no "0x", no "inf", no "1,000". */
static bool number_of(orch_bytes text, double *ret)
{
    char copy[NUMBER_BYTES_MAX + 1];
    char *end;

    if (text.len == 0 || text.len > NUMBER_BYTES_MAX)
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    if (strspn(copy, "+-0123456789.eE") != text.len)
        return false;
    *ret = strtod(copy, &end);
    return *end == '\0' && *ret - *ret == 0; /* finite */
}

/* A quoted field, behind its opening quote; *at stops behind the closing one. */
static bool quoted(struct job *job, const char **at, const char *end, orch_bytes *ret)
{
    char *copy = job->host->alloc(job->run, (uint64_t)(end - *at) + 1);
    uint64_t len = 0;

    if (copy == NULL)
        return false;
    for (; *at < end; (*at)++) {
        if (**at == '"' && (*at + 1 == end || (*at)[1] != '"'))
            break;
        if (**at == '"')
            (*at)++;
        copy[len++] = **at;
    }
    if (*at == end)
        return false;
    (*at)++;
    ret->ptr = copy;
    ret->len = len;
    return true;
}

/* The next field of a line; *at is NULL behind the last one. */
static bool next_field(struct job *job, const char **at, const char *end, orch_bytes *ret)
{
    const char *stop;

    if (*at < end && **at == '"') {
        (*at)++;
        if (!quoted(job, at, end, ret) || (*at < end && **at != ','))
            return false;
        *at = *at < end ? *at + 1 : NULL;
        return true;
    }
    stop = *at < end ? memchr(*at, ',', (size_t)(end - *at)) : NULL;
    *ret = trim(view(*at, stop != NULL ? stop : end));
    *at = stop != NULL ? stop + 1 : NULL;
    return true;
}

static orch_status read_fields(struct csv *c, orch_bytes line, orch_bytes fields[COL_COUNT])
{
    const char *at = line.ptr, *end = at + line.len;
    uint32_t count = 0;

    while (at != NULL) {
        orch_bytes field;

        if (!next_field(c->job, &at, end, &field))
            return bad_input(c->job, "row %lld: field %u: a quote is not closed or not alone",
                             (long long)c->line, count + 1);
        if (count == COL_COUNT)
            return bad_input(c->job, "row %lld: more than %u fields", (long long)c->line,
                             (unsigned)COL_COUNT);
        fields[c->has_header ? c->order[count] : count] = field;
        count++;
    }
    if (count < COL_COUNT)
        return bad_input(c->job, "row %lld: %u fields where %u are needed", (long long)c->line,
                         count, (unsigned)COL_COUNT);
    return ORCH_OK;
}

static orch_status read_header(struct csv *c, orch_bytes line)
{
    orch_bytes fields[COL_COUNT] = {0};
    uint32_t seen = 0;
    orch_status status = read_fields(c, line, fields);

    if (status != ORCH_OK)
        return status;
    for (uint32_t i = 0; i < COL_COUNT; i++) {
        uint32_t col = 0;

        while (col < COL_COUNT && !bytes_equal(fields[i], column_names[col]))
            col++;
        if (col == COL_COUNT || (seen & 1u << col) != 0)
            return bad_input(c->job,
                             "row %lld: '%.*s' where the columns month, activity, quantity, unit "
                             "are named",
                             (long long)c->line, (int)fields[i].len, (const char *)fields[i].ptr);
        seen |= 1u << col;
        c->order[i] = col;
    }
    c->has_header = true;
    return ORCH_OK;
}

static orch_status read_row(struct csv *c, orch_bytes line)
{
    struct row *row = &c->f->rows[c->f->row_count];
    orch_bytes fields[COL_COUNT] = {0};
    orch_status status = read_fields(c, line, fields);

    if (status != ORCH_OK)
        return status;
    if (!number_of(fields[COL_QUANTITY], &row->quantity))
        return bad_cell(c->job, c->line, "quantity", "'%.*s' is not a number",
                        (int)fields[COL_QUANTITY].len, (const char *)fields[COL_QUANTITY].ptr);
    row->line = c->line;
    row->month = fields[COL_MONTH];
    row->activity = fields[COL_ACTIVITY];
    row->unit = fields[COL_UNIT];
    c->f->row_count++;
    return ORCH_OK;
}

/* "# key: value". A comment without a colon is only a comment; an unknown key is an error, since
 * it would be a typing mistake that silently changes figures. */
static orch_status read_comment(struct csv *c, orch_bytes line)
{
    const struct {
        const char *key;
        orch_bytes *to;
    } keys[] = {{"name", &c->f->name},
                {"year", &c->year},
                {"gwp", &c->f->gwp},
                {"lb_per_mwh", &c->lb_per_mwh},
                {"source", &c->f->grid_source}};
    const char *start = (const char *)line.ptr + 1, *end = (const char *)line.ptr + line.len;
    const char *colon = memchr(start, ':', (size_t)(end - start));
    orch_bytes key;

    if (colon == NULL)
        return ORCH_OK;
    key = trim(view(start, colon));
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (bytes_equal(key, keys[i].key)) {
            *keys[i].to = trim(view(colon + 1, end));
            return ORCH_OK;
        }
    }
    return bad_input(c->job, "row %lld: '%.*s' is none of name, year, gwp, lb_per_mwh, source",
                     (long long)c->line, (int)key.len, (const char *)key.ptr);
}

static orch_status read_line(struct csv *c, orch_bytes line)
{
    if (trim(line).len == 0)
        return ORCH_OK;
    if (!c->has_header && *(const char *)line.ptr == '#')
        return read_comment(c, line);
    if (!c->has_header)
        return read_header(c, line);
    return read_row(c, line);
}

/* The figures among the comments. */
static orch_status read_figures(struct csv *c)
{
    double year;

    if (c->f->name.len == 0)
        return bad_input(c->job, "the line '# name: ...' is missing");
    if (!number_of(c->year, &year) || year < 0 || year > 9999 || year != (double)(int64_t)year)
        return bad_input(c->job, "the line '# year: ...' is missing or not a year");
    c->f->year = (int64_t)year;
    c->f->has_grid = c->lb_per_mwh.len > 0 || c->f->grid_source.len > 0;
    if (c->f->has_grid && !number_of(c->lb_per_mwh, &c->f->lb_per_mwh))
        return bad_input(c->job, "the line '# lb_per_mwh: ...' is missing or not a number");
    if (!c->has_header)
        return bad_input(c->job, "the line with the columns' names is missing");
    return ORCH_OK;
}

static uint64_t count_lines(orch_bytes text)
{
    uint64_t lines = 1;

    for (uint64_t i = 0; i < text.len; i++)
        lines += ((const char *)text.ptr)[i] == '\n';
    return lines;
}

orch_status facility_read_csv(struct job *job, orch_bytes text, struct facility *ret)
{
    struct facility f = {.gwp = orch_text("AR5")};
    struct csv c = {.job = job, .f = &f, .at = text.ptr};
    uint64_t lines = count_lines(text);
    orch_status status = ORCH_OK;
    orch_bytes line;

    if (lines > ROWS_MAX)
        return bad_input(job, "the CSV text has %llu lines, %u are the most",
                         (unsigned long long)lines, ROWS_MAX);
    c.end = c.at + text.len;
    if (text.len >= 3 && memcmp(c.at, "\xEF\xBB\xBF", 3) == 0)
        c.at += 3;
    f.rows = job->host->alloc(job->run, lines * sizeof *f.rows);
    if (f.rows == NULL)
        return out_of_memory(job);
    while (status == ORCH_OK && next_line(&c, &line))
        status = read_line(&c, line);
    if (status == ORCH_OK)
        status = read_figures(&c);
    if (status == ORCH_OK)
        *ret = f;
    return status;
}
