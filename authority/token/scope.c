/* scope.c -- the words of token.h's scopes. */
#include "authority/token/token.h"

#include "base/mem.h"
#include "base/text.h"

#include <string.h>

static const char *const scope_texts[SCOPE_COUNT + 1] = {
#define XX(name, text) [SCOPE_INDEX_##name] = text,
    SCOPE_MAP(XX)
#undef XX
};

/* SCOPE_COUNT when word is none of ours. */
static unsigned scope_of(const char *word, size_t len)
{
    for (unsigned scope = 0; scope < SCOPE_COUNT; scope++) {
        if (strlen(scope_texts[scope]) == len && memcmp(scope_texts[scope], word, len) == 0)
            return scope;
    }
    return SCOPE_COUNT;
}

static bool unknown_scope(const char *word, size_t len, struct err *e)
{
    auto_mem char *text = mem_strn(word, len);
    const char *nearest = text_nearest(text, scope_texts);

    return err_set(e, ERR_INVALID, "unknown scope '%.64s'%s%s", text,
                   nearest != NULL ? ", did you mean " : "", nearest != NULL ? nearest : "");
}

bool token_scopes_parse(const char *text, unsigned *ret, struct err *e)
{
    unsigned scopes = 0;

    while (*(text += strspn(text, " ")) != '\0') {
        size_t len = strcspn(text, " ");
        unsigned scope = scope_of(text, len);

        if (scope == SCOPE_COUNT)
            return unknown_scope(text, len, e);
        scopes |= 1u << scope;
        text += len;
    }
    *ret = scopes;
    return true;
}

unsigned token_scopes_known(const char *text)
{
    unsigned scopes = 0;

    while (*(text += strspn(text, " ")) != '\0') {
        size_t len = strcspn(text, " ");
        unsigned scope = scope_of(text, len);

        if (scope < SCOPE_COUNT)
            scopes |= 1u << scope;
        text += len;
    }
    return scopes;
}

void token_scopes_text(unsigned scopes, struct buf *b)
{
    const char *gap = "";

    for (unsigned scope = 0; scope < SCOPE_COUNT; scope++) {
        if ((scopes & 1u << scope) == 0)
            continue;
        buf_addf(b, "%s%s", gap, scope_texts[scope]);
        gap = " ";
    }
}
