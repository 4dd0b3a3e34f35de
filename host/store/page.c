/* page.c -- see page.h. Inside: number, text, more and last, one a line. */
#include "store/page.h"

#include "base/buf.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

const char *page_token(struct arena *mem, const struct page_key *key)
{
    auto_done(buf) plain = {0};
    auto_done(buf) token = {0};

    buf_addf(&plain, "%" PRId64 "\n%s\n%s\n%s", key->number, key->text, key->more, key->last);
    text_add_base64(&token, plain.data, plain.len, true);
    return arena_copy(mem, token.data, token.len);
}

enum { LINES = 4 };

/* Cuts plain into its lines; false when there are more or fewer. */
static bool cut_lines(char *plain, const char *lines[LINES])
{
    for (int i = 0; i < LINES; i++) {
        char *end = strchr(plain, '\n');

        lines[i] = plain;
        if ((end == NULL) != (i == LINES - 1))
            return false;
        if (end == NULL)
            break;
        *end = '\0';
        plain = end + 1;
    }
    return true;
}

static bool parse_plain(char *plain, struct page_key *ret)
{
    const char *lines[LINES];
    char *end;

    if (!cut_lines(plain, lines))
        return false;
    errno = 0;
    *ret = (struct page_key){strtoll(lines[0], &end, 10), lines[1], lines[2], lines[3]};
    return errno == 0 && end != lines[0] && *end == '\0';
}

bool page_parse(const char *token, struct arena *mem, struct page_key *ret, struct err *e)
{
    auto_done(buf) plain = {0};

    if (strlen(token) > PAGE_TOKEN_BYTES_MAX ||
        !text_unbase64(&plain, token, strlen(token), true, NULL) ||
        strlen(buf_text(&plain)) != plain.len || !text_utf8_valid(buf_text(&plain), plain.len) ||
        !parse_plain(arena_copy(mem, buf_text(&plain), plain.len), ret))
        return err_set(e, ERR_INVALID, "not a page token");
    return true;
}
