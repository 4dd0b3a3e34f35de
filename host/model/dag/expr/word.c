/* word.c -- what a word of a condition is by itself. */
#include "model/dag/expr/tree.h"

#include "base/json.h"
#include "base/mem.h"

#include <string.h>
#include <strings.h>

bool expr_token_is(const struct token *token, const char *word)
{
    return token->len == strlen(word) && memcmp(token->text, word, token->len) == 0;
}

static bool token_is_nocase(const struct token *token, const char *word)
{
    return token->len == strlen(word) && strncasecmp(token->text, word, token->len) == 0;
}

bool expr_token_begins(const struct token *token, const char *with)
{
    return token->len >= strlen(with) && memcmp(token->text, with, strlen(with)) == 0;
}

/* Digits with at most a sign, a dot and an exponent; what strtod takes beyond that is text. */
static bool number_of(const char *word, json_t **ret)
{
    char *end;
    long long whole;
    double real;

    if (strspn(word, "0123456789+-.eE") != strlen(word) || strpbrk(word, "0123456789") == NULL)
        return false;
    whole = strtoll(word, &end, 10);
    if (*end == '\0' && whole <= JSON_SAFE_INT_MAX && whole >= -JSON_SAFE_INT_MAX) {
        *ret = json_integer(whole);
        return true;
    }
    real = strtod(word, &end);
    if (*end != '\0')
        return false;
    *ret = json_real(real);
    return *ret != NULL; /* NULL: not finite */
}

bool expr_literal(const struct token *token, json_t **ret)
{
    auto_mem char *word = mem_strn(token->text, token->len);

    if (token_is_nocase(token, "true"))
        *ret = json_true();
    else if (token_is_nocase(token, "false"))
        *ret = json_false();
    else if (token_is_nocase(token, "none") || expr_token_is(token, "null"))
        *ret = json_null();
    else
        return number_of(word, ret);
    return true;
}
