/* revoked.c -- see revoked.h. */
#include "authority/token/revoked.h"

#include "authority/token/token.h"
#include "base/fd.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/uuid.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { LINE_BYTES_MAX = 64 };

struct revoked_token {
    char id[UUID_TEXT_BYTES];
    int64_t expires_s;
};

struct revoked {
    char *path;
    struct revoked_token *tokens; /* sorted by id */
    size_t count, cap;
};

void revoked_free(struct revoked *r)
{
    if (r == NULL)
        return;
    free(r->path);
    free(r->tokens);
    free(r);
}

/* The file must remember a token for as long as token_verify takes it. */
static bool lives(const struct revoked_token *token, int64_t now_s)
{
    return token->expires_s + TOKEN_SKEW_S > now_s;
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
    struct err why = {0};

    r->path = mem_str(path);
    if (!file_read(path, (size_t)REVOKED_MAX * LINE_BYTES_MAX, &text, &why) &&
        why.code != ERR_NOT_FOUND) {
        if (e != NULL)
            *e = why;
        return false;
    }
    if (!parse(r, &text, now_s, e))
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

bool revoked_add(struct revoked *r, const char *id, int64_t expires_s, int64_t now_s, struct err *e)
{
    struct revoked_token token = {.expires_s = expires_s};
    auto_done(buf) text = {0};

    if (!uuid_is_valid(id) || !text_copy(token.id, sizeof token.id, id))
        return err_set(e, ERR_INVALID, "'%.64s' is not a token's id", id);
    drop_expired(r, now_s);
    if (r->count == REVOKED_MAX)
        return err_set(e, ERR_LIMIT, "%d tokens are revoked already", REVOKED_MAX);
    insert(r, &token);
    for (size_t i = 0; i < r->count; i++)
        buf_addf(&text, "%s %" PRId64 "\n", r->tokens[i].id, r->tokens[i].expires_s);
    return file_write_atomic(r->path, buf_text(&text), text.len, 0600, e);
}

size_t revoked_count(const struct revoked *r)
{
    return r->count;
}
