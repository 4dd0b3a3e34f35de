/* revoked.c -- see revoked.h. */
#include "authority/token/revoked.h"

#include "authority/token/token.h"
#include "base/lines.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/uuid.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { LINE_BYTES_MAX = 64, SPARE_LINES = 1024 };
enum { REVOKED_LINES_MAX = 2 * REVOKED_MAX + SPARE_LINES + 1 };

struct revoked_token {
    char id[UUID_TEXT_BYTES];
    int64_t expires_s;
};

struct revoked {
    struct lines *lines;
    struct revoked_token *tokens; /* sorted by id */
    size_t count, cap;
};

void revoked_free(struct revoked *r)
{
    if (r == NULL)
        return;
    lines_free(r->lines);
    free(r->tokens);
    free(r);
}

/* The file must remember a token for as long as token_verify takes it, and may take it again: a
 * clock that is far ahead can be set back. */
static bool lives(const struct revoked_token *token, int64_t now_s)
{
    return token->expires_s + REVOKED_KEPT_S > now_s;
}

/* The place of the first id that is not below id. */
static size_t place_of(const struct revoked *r, const char *id)
{
    size_t low = 0, high = r->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(r->tokens[middle].id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool revoked_has(const struct revoked *r, const char *id)
{
    size_t at = place_of(r, id);

    return at < r->count && strcmp(r->tokens[at].id, id) == 0;
}

static void insert(struct revoked *r, const struct revoked_token *token)
{
    size_t at = place_of(r, token->id);

    if (at < r->count && strcmp(r->tokens[at].id, token->id) == 0)
        return;
    if (r->count == r->cap) {
        r->cap = r->cap > 0 ? 2 * r->cap : 16;
        r->tokens = mem_resize(r->tokens, r->cap, sizeof *r->tokens);
    }
    memmove(&r->tokens[at + 1], &r->tokens[at], (r->count - at) * sizeof *r->tokens);
    r->tokens[at] = *token;
    r->count++;
}

static bool parse_line(const char *line, size_t len, struct revoked_token *ret)
{
    char text[LINE_BYTES_MAX];
    int used = 0;

    if (len >= sizeof text)
        return false;
    memcpy(text, line, len);
    text[len] = '\0';
    return sscanf(text, "%36s %" SCNd64 "%n", ret->id, &ret->expires_s, &used) == 2 &&
           (size_t)used == len && uuid_is_valid(ret->id);
}

static bool parse(struct revoked *r, const struct buf *text, int64_t now_s, struct err *e)
{
    size_t number = 1;

    for (const char *p = buf_text(text), *end; *p != '\0'; p = end + 1, number++) {
        struct revoked_token token;

        end = strchr(p, '\n');
        if (end == NULL || !parse_line(p, (size_t)(end - p), &token))
            return err_set(e, ERR_CORRUPT, "line %zu is not `ID EXPIRES`", number);
        if (lives(&token, now_s))
            insert(r, &token);
    }
    return true;
}

bool revoked_load(const char *path, int64_t now_s, struct revoked **ret, struct err *e)
{
    auto_obj(revoked) r = mem_new(struct revoked);
    auto_done(buf) text = {0};

    if (!lines_open(path, (size_t)REVOKED_LINES_MAX * LINE_BYTES_MAX, &r->lines, &text, e) ||
        !parse(r, &text, now_s, e))
        return err_wrap(e, "revoked tokens '%s'", path);
    *ret = take(r);
    return true;
}

static void drop_expired(struct revoked *r, int64_t now_s)
{
    size_t kept = 0;

    for (size_t i = 0; i < r->count; i++) {
        if (lives(&r->tokens[i], now_s))
            r->tokens[kept++] = r->tokens[i];
    }
    r->count = kept;
}

static void add_line(struct buf *b, const struct revoked_token *token)
{
    buf_addf(b, "%s %" PRId64 "\n", token->id, token->expires_s);
}

/* Without those that expired, once they are the more. */
static bool shorten(struct revoked *r, struct err *e)
{
    auto_done(buf) text = {0};

    if (lines_count(r->lines) <= 2 * r->count + SPARE_LINES)
        return true;
    for (size_t i = 0; i < r->count; i++)
        add_line(&text, &r->tokens[i]);
    return lines_replace(r->lines, buf_text(&text), text.len, r->count, e);
}

bool revoked_add(struct revoked *r, const char *id, int64_t expires_s, int64_t now_s, struct err *e)
{
    struct revoked_token token = {.expires_s = expires_s};
    auto_done(buf) line = {0};

    if (!uuid_is_valid(id) || !text_copy(token.id, sizeof token.id, id))
        return err_set(e, ERR_INVALID, "'%.64s' is not a token's id", id);
    if (revoked_has(r, id))
        return true;
    drop_expired(r, now_s);
    if (r->count == REVOKED_MAX)
        return err_set(e, ERR_LIMIT, "%d tokens are revoked already", REVOKED_MAX);
    add_line(&line, &token);
    if (!lines_add(r->lines, buf_text(&line), line.len, 1, e))
        return false;
    insert(r, &token);
    return shorten(r, e);
}

size_t revoked_count(const struct revoked *r)
{
    return r->count;
}
