/* word.c -- what a word of a condition is by itself. */
#include "model/dag/expr/tree.h"

#include "base/json.h"
#include "base/mem.h"

#include <math.h>
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
static bool is_number(const char *word, double *ret)
{
    char *end;

    if (strspn(word, "0123456789+-.eE") != strlen(word) || strpbrk(word, "0123456789") == NULL)
        return false;
    *ret = strtod(word, &end);
    return *end == '\0';
}

/* By base/json.h's rule. */
static bool number_of(const char *word, json_t **ret)
{
    const bool digits = strpbrk(word, ".eE") == NULL;
    double real, exact;

    if (!is_number(word, &real))
        return false;
    if (digits && fabs(real) <= (double)JSON_SAFE_INT_MAX) {
        *ret = json_integer(strtoll(word, NULL, 10));
        return true;
    }
    if (!isfinite(real) || (digits && !jcs_whole_real(word, strlen(word), &exact)))
        return false;
    *ret = json_real(real);
    return true;
}

bool expr_is_number(const struct token *token)
{
    auto_mem char *word = mem_strn(token->text, token->len);
    double real;

    return is_number(word, &real);
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
