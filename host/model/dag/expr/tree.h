/* tree.h -- the compiled form and the tokens. Private to this folder. */
#ifndef ORCH_MODEL_DAG_EXPR_TREE_H
#define ORCH_MODEL_DAG_EXPR_TREE_H

#include "base/err.h"
#include "model/dag/expr/path.h"

#include <jansson.h>
#include <stddef.h>

enum expr_kind {
    EXPR_INVALID,
    EXPR_CONST,
    EXPR_PATH,
    EXPR_LIST,
    EXPR_CALL,
    EXPR_NOT,
    EXPR_AND, /* two children or more, and so OR */
    EXPR_OR,
    EXPR_EQ,
    EXPR_NE,
    EXPR_LT,
    EXPR_LE,
    EXPR_GT,
    EXPR_GE,
    EXPR_IN,
    EXPR_CHOICE, /* children: test, then, otherwise */
    EXPR_KIND_COUNT,
};

enum expr_function {
    FN_INVALID,
    FN_SIZE,
    FN_HAS,
    FN_STARTS_WITH,
    FN_ENDS_WITH,
    FN_CONTAINS,
    FN_COUNT,
};

struct expr_node {
    enum expr_kind kind;
    enum expr_function function;
    json_t *constant;
    struct path *path;
    struct expr_node **children;
    size_t child_count;
};

struct expr {
    struct expr_node *root;
};

struct expr_node *expr_node_new(enum expr_kind kind) must_check;
void expr_node_free(struct expr_node *node);
DEFINE_AUTO(expr_node)
/* Takes the child: *child is NULL afterwards. */
void expr_node_add_take(struct expr_node *node, struct expr_node **child);

const char *expr_function_text(enum expr_function function);
/* The operator between its operands, for the kinds from NOT to IN. */
const char *expr_operator_text(enum expr_kind kind);

enum token_kind {
    TOKEN_END,
    TOKEN_WORD, /* `text` is the word; a method's begins with a dot */
    TOKEN_TEXT, /* `text` is between the quotes */
    TOKEN_NOT,
    TOKEN_AND,
    TOKEN_OR,
    TOKEN_EQ,
    TOKEN_NE,
    TOKEN_LT,
    TOKEN_LE,
    TOKEN_GT,
    TOKEN_GE,
    TOKEN_QUESTION,
    TOKEN_COLON,
    TOKEN_COMMA,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_OPEN_LIST,
    TOKEN_CLOSE_LIST,
    TOKEN_COUNT,
};

struct token {
    enum token_kind kind;
    const char *text; /* borrowed from the source */
    size_t len;
    size_t offset; /* in bytes */
};

struct lexer {
    const char *text;
    size_t len;
    size_t at;
};

/* On failure lexer->at is where the text is wrong. */
bool expr_next_token(struct lexer *lexer, struct token *ret, struct err *e) must_check;

bool expr_token_is(const struct token *token, const char *word);
bool expr_token_begins(const struct token *token, const char *with);
/* A number, which is a literal unless no double holds it. */
bool expr_is_number(const struct token *token);
/* True when the word is a literal; the caller owns *ret. */
bool expr_literal(const struct token *token, json_t **ret) must_check;

#endif
