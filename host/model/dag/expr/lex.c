/* lex.c -- the tokens of a condition. See expr.h for what a word is. */
#include "model/dag/expr/tree.h"

#include <string.h>

static const struct {
    const char *text;
    enum token_kind kind;
} operators[] = {
    /* longest first */
    {"&&", TOKEN_AND}, {"||", TOKEN_OR},      {"==", TOKEN_EQ},       {"!=", TOKEN_NE},
    {"<=", TOKEN_LE},  {">=", TOKEN_GE},      {"<", TOKEN_LT},        {">", TOKEN_GT},
    {"!", TOKEN_NOT},  {"?", TOKEN_QUESTION}, {":", TOKEN_COLON},     {",", TOKEN_COMMA},
    {"(", TOKEN_OPEN}, {")", TOKEN_CLOSE},    {"[", TOKEN_OPEN_LIST}, {"]", TOKEN_CLOSE_LIST},
};

static const char blanks[] = " \t\r\n";
static const char not_in_words[] = " \t\r\n'\"&|=!<>?:,()[]";

static size_t span(const struct lexer *lexer, const char *of, bool inside)
{
    size_t n = 0;

    while (lexer->at + n < lexer->len &&
           (memchr(of, lexer->text[lexer->at + n], strlen(of)) != NULL) == inside)
        n++;
    return n;
}

static bool quoted(struct lexer *lexer, struct token *ret, struct err *e)
{
    const char *start = lexer->text + lexer->at;
    const char *end = memchr(start + 1, *start, lexer->len - lexer->at - 1);

    if (end == NULL)
        return err_set(e, ERR_INVALID, "text without its closing quote");
    *ret = (struct token){TOKEN_TEXT, start + 1, (size_t)(end - start - 1), lexer->at};
    lexer->at += (size_t)(end - start) + 1;
    return true;
}

static bool operator(struct lexer *lexer, struct token *ret, struct err *e)
{
    const char *start = lexer->text + lexer->at;
    size_t left = lexer->len - lexer->at;

    for (size_t i = 0; i < ARRAY_LEN(operators); i++) {
        size_t len = strlen(operators[i].text);

        if (len <= left && memcmp(start, operators[i].text, len) == 0) {
            *ret = (struct token){operators[i].kind, start, len, lexer->at};
            lexer->at += len;
            return true;
        }
    }
    return err_set(e, ERR_INVALID, "a single '%c' is no operator, write '%c%c'", *start, *start,
                   *start);
}

bool expr_next_token(struct lexer *lexer, struct token *ret, struct err *e)
{
    size_t word;

    lexer->at += span(lexer, blanks, true);
    if (lexer->at == lexer->len) {
        *ret = (struct token){TOKEN_END, "", 0, lexer->at};
        return true;
    }
    if (lexer->text[lexer->at] == '\'' || lexer->text[lexer->at] == '"')
        return quoted(lexer, ret, e);
    word = span(lexer, not_in_words, false);
    if (word == 0)
        return operator(lexer, ret, e);
    *ret = (struct token){TOKEN_WORD, lexer->text + lexer->at, word, lexer->at};
    lexer->at += word;
    return true;
}
