/* parse.c -- recursive descent over the grammar of expr.h; depth is counted. */
#include "model/dag/expr/expr.h"

#include "base/mem.h"
#include "base/text.h"
#include "model/dag/expr/tree.h"

#include <assert.h>
#include <string.h>

/* What a word that is no literal may be where it stands. */
enum word_role {
    WORD_ANY_PATH,   /* GreenLang's left side: an unknown root is null */
    WORD_KNOWN_PATH, /* an unknown root is refused */
    WORD_TEXT,       /* right of == and != */
};

struct parser {
    struct lexer lexer;
    struct token token;
    unsigned depth;
    unsigned strict; /* inside of lists and arguments */
    struct err *e;
};

/* A function of one argument, or a method of a value and perhaps one argument. */
static const struct {
    enum expr_function function;
    size_t operands;
    bool as_function;
    bool as_method;
} functions[] = {
    {FN_SIZE, 1, true, true},       {FN_HAS, 1, true, false},      {FN_STARTS_WITH, 2, false, true},
    {FN_ENDS_WITH, 2, false, true}, {FN_CONTAINS, 2, false, true},
};

static bool parse_choice(struct parser *p, struct expr_node **ret);

static bool advance(struct parser *p)
{
    return expr_next_token(&p->lexer, &p->token, p->e);
}

/* Puts the lexer back to the token in hand, so that the error's column is its own. */
static bool refuse(struct parser *p, const char *text)
{
    p->lexer.at = p->token.offset;
    return err_set(p->e, ERR_INVALID, "%s", text);
}

static bool refuse_token(struct parser *p, const char *wanted)
{
    p->lexer.at = p->token.offset;
    if (p->token.kind == TOKEN_END)
        return err_set(p->e, ERR_INVALID, "%s is missing at the end", wanted);
    return err_set(p->e, ERR_INVALID, "%s expected before '%.*s'", wanted,
                   (int)(p->token.len < 40 ? p->token.len : 40), p->token.text);
}

static bool expect(struct parser *p, enum token_kind kind, const char *wanted)
{
    if (p->token.kind != kind)
        return refuse_token(p, wanted);
    return advance(p);
}

static struct expr_node *const_node(json_t *constant_owned)
{
    struct expr_node *node = expr_node_new(EXPR_CONST);

    assert(constant_owned != NULL);
    node->constant = constant_owned;
    return node;
}

static struct expr_node *text_node(const struct token *token)
{
    return const_node(json_stringn(token->text, token->len));
}

static bool word_node(struct parser *p, const struct token *token, enum word_role role,
                      struct expr_node **ret)
{
    bool dotted = expr_token_begins(token, "results.") || expr_token_begins(token, "input.");
    json_t *literal = NULL;

    if (expr_literal(token, &literal)) {
        *ret = const_node(literal);
        return true;
    }
    if (expr_is_number(token)) {
        p->token = *token;
        return refuse(p, "no double holds this number; quote it if it is text");
    }
    if (role == WORD_TEXT && !dotted) {
        *ret = text_node(token);
        return true;
    }
    if ((role == WORD_KNOWN_PATH || p->strict > 0) && !dotted && !expr_token_is(token, "input")) {
        p->token = *token;
        return refuse(p,
                      "this word is no path (results.NODE..., input...); quote it if it is text");
    }
    *ret = expr_node_new(EXPR_PATH);
    (*ret)->path = path_new(token->text, token->len);
    return true;
}

static bool function_of(const struct token *name, bool method, size_t *ret)
{
    for (size_t i = 0; i < ARRAY_LEN(functions); i++) {
        if ((method ? functions[i].as_method : functions[i].as_function) &&
            expr_token_is(name, expr_function_text(functions[i].function))) {
            *ret = i;
            return true;
        }
    }
    return false;
}

/* The token in hand is "("; receiver (taken) is the first operand or NULL. */
static bool parse_call(struct parser *p, const struct token *name, struct expr_node **receiver,
                       struct expr_node **ret)
{
    auto_obj(expr_node) call = expr_node_new(EXPR_CALL);
    auto_obj(expr_node) argument = NULL;
    bool method = *receiver != NULL;
    size_t f;

    if (!function_of(name, method, &f)) {
        p->token = *name;
        return refuse(p, method ? "no such method (size, startsWith, endsWith, contains)"
                                : "no such function (size, has)");
    }
    call->function = functions[f].function;
    if (method)
        expr_node_add_take(call, receiver);
    if (!advance(p))
        return false;
    p->strict++;
    if (call->child_count < functions[f].operands) {
        if (!parse_choice(p, &argument))
            return false;
        expr_node_add_take(call, &argument);
    }
    p->strict--;
    if (call->function == FN_HAS && call->children[0]->kind != EXPR_PATH)
        return refuse(p, "has() takes a path");
    if (!expect(p, TOKEN_CLOSE, "')'"))
        return false;
    *ret = take(call);
    return true;
}

/* A word before "(": name(...), or path.name(...). */
static bool parse_word_call(struct parser *p, struct token word, struct expr_node **ret)
{
    auto_obj(expr_node) receiver = NULL;
    const char *dot = memrchr(word.text, '.', word.len);
    struct token name = word;

    if (dot != NULL && dot > word.text) {
        size_t head = (size_t)(dot - word.text);

        name = (struct token){TOKEN_WORD, dot + 1, word.len - head - 1, word.offset + head + 1};
        word.len = head;
        if (!word_node(p, &word, WORD_KNOWN_PATH, &receiver))
            return false;
    }
    return parse_call(p, &name, &receiver, ret);
}

static bool parse_list(struct parser *p, struct expr_node **ret)
{
    auto_obj(expr_node) list = expr_node_new(EXPR_LIST);

    if (!advance(p))
        return false;
    p->strict++;
    while (p->token.kind != TOKEN_CLOSE_LIST) {
        auto_obj(expr_node) item = NULL;

        if (list->child_count > 0 && !expect(p, TOKEN_COMMA, "',' or ']'"))
            return false;
        if (!parse_choice(p, &item))
            return false;
        expr_node_add_take(list, &item);
    }
    p->strict--;
    if (!advance(p))
        return false;
    *ret = take(list);
    return true;
}

static bool parse_group(struct parser *p, struct expr_node **ret)
{
    auto_obj(expr_node) inner = NULL;

    if (!advance(p) || !parse_choice(p, &inner) || !expect(p, TOKEN_CLOSE, "')'"))
        return false;
    *ret = take(inner);
    return true;
}

static bool parse_primary(struct parser *p, enum word_role role, struct expr_node **ret)
{
    struct token token = p->token;

    switch (token.kind) {
    case TOKEN_OPEN:
        return parse_group(p, ret);
    case TOKEN_OPEN_LIST:
        return parse_list(p, ret);
    case TOKEN_TEXT:
        if (!advance(p))
            return false;
        *ret = text_node(&token);
        return true;
    case TOKEN_WORD:
        if (!advance(p))
            return false;
        if (p->token.kind == TOKEN_OPEN)
            return parse_word_call(p, token, ret);
        return word_node(p, &token, role, ret);
    default:
        return refuse_token(p, "a value");
    }
}

static bool parse_member(struct parser *p, enum word_role role, struct expr_node **ret)
{
    auto_obj(expr_node) node = NULL;

    if (!parse_primary(p, role, &node))
        return false;
    /* Two in a row have a use (none returns text), more would only grow the tree. */
    for (int i = 0; i < 2 && p->token.kind == TOKEN_WORD && *p->token.text == '.'; i++) {
        struct token name = p->token;
        auto_obj(expr_node) receiver = take(node);

        name.text++;
        name.len--;
        name.offset++;
        if (!advance(p))
            return false;
        if (p->token.kind != TOKEN_OPEN)
            return refuse_token(p, "'('");
        if (!parse_call(p, &name, &receiver, &node))
            return false;
    }
    *ret = take(node);
    return true;
}

static bool parse_unary(struct parser *p, enum word_role role, struct expr_node **ret)
{
    auto_obj(expr_node) not = NULL;
    auto_obj(expr_node) operand = NULL;
    bool ok;

    if (p->token.kind != TOKEN_NOT)
        return parse_member(p, role, ret);
    if (++p->depth > EXPR_DEPTH_MAX)
        return refuse(p, "nested too deeply");
    if (!advance(p))
        return false;
    ok = parse_unary(p, WORD_ANY_PATH, &operand);
    p->depth--;
    if (!ok)
        return false;
    not = expr_node_new(EXPR_NOT);
    expr_node_add_take(not, &operand);
    *ret = take(not );
    return true;
}

static enum expr_kind relation_of(const struct token *token)
{
    static const enum expr_kind relations[TOKEN_COUNT] = {
        [TOKEN_EQ] = EXPR_EQ, [TOKEN_NE] = EXPR_NE, [TOKEN_LT] = EXPR_LT,
        [TOKEN_LE] = EXPR_LE, [TOKEN_GT] = EXPR_GT, [TOKEN_GE] = EXPR_GE,
    };

    if (token->kind == TOKEN_WORD && expr_token_is(token, "in"))
        return EXPR_IN;
    return relations[token->kind];
}

static bool parse_relation(struct parser *p, struct expr_node **ret)
{
    auto_obj(expr_node) left = NULL;
    auto_obj(expr_node) right = NULL;
    auto_obj(expr_node) relation = NULL;
    enum expr_kind kind;
    bool equality;

    if (!parse_unary(p, WORD_ANY_PATH, &left))
        return false;
    kind = relation_of(&p->token);
    if (kind == EXPR_INVALID) {
        *ret = take(left);
        return true;
    }
    equality = kind == EXPR_EQ || kind == EXPR_NE;
    if (!advance(p) || !parse_unary(p, equality ? WORD_TEXT : WORD_KNOWN_PATH, &right))
        return false;
    if (relation_of(&p->token) != EXPR_INVALID)
        return refuse(p, "comparisons do not chain; join them with && or use parentheses");
    relation = expr_node_new(kind);
    expr_node_add_take(relation, &left);
    expr_node_add_take(relation, &right);
    *ret = take(relation);
    return true;
}

/* operand { token operand }: one node however many there are, so that depth stays bounded. */
static bool parse_joined(struct parser *p, enum token_kind token, enum expr_kind kind,
                         bool (*operand)(struct parser *, struct expr_node **),
                         struct expr_node **ret)
{
    auto_obj(expr_node) first = NULL;
    auto_obj(expr_node) joined = NULL;

    if (!operand(p, &first))
        return false;
    if (p->token.kind != token) {
        *ret = take(first);
        return true;
    }
    joined = expr_node_new(kind);
    expr_node_add_take(joined, &first);
    while (p->token.kind == token) {
        auto_obj(expr_node) next = NULL;

        if (!advance(p) || !operand(p, &next))
            return false;
        expr_node_add_take(joined, &next);
    }
    *ret = take(joined);
    return true;
}

static bool parse_and(struct parser *p, struct expr_node **ret)
{
    return parse_joined(p, TOKEN_AND, EXPR_AND, parse_relation, ret);
}

static bool parse_or(struct parser *p, struct expr_node **ret)
{
    return parse_joined(p, TOKEN_OR, EXPR_OR, parse_and, ret);
}

static bool parse_branches(struct parser *p, struct expr_node **test, struct expr_node **ret)
{
    auto_obj(expr_node) choice = expr_node_new(EXPR_CHOICE);
    auto_obj(expr_node) then = NULL;
    auto_obj(expr_node) otherwise = NULL;

    expr_node_add_take(choice, test);
    if (!advance(p) || !parse_choice(p, &then) || !expect(p, TOKEN_COLON, "':'") ||
        !parse_choice(p, &otherwise))
        return false;
    expr_node_add_take(choice, &then);
    expr_node_add_take(choice, &otherwise);
    *ret = take(choice);
    return true;
}

static bool parse_choice(struct parser *p, struct expr_node **ret)
{
    auto_obj(expr_node) test = NULL;
    bool ok;

    if (++p->depth > EXPR_DEPTH_MAX)
        return refuse(p, "nested too deeply");
    ok = parse_or(p, &test);
    if (ok && p->token.kind == TOKEN_QUESTION)
        ok = parse_branches(p, &test, ret);
    else if (ok)
        *ret = take(test);
    p->depth--;
    return ok;
}

static bool parse_all(struct parser *p, struct expr_node **ret)
{
    auto_obj(expr_node) root = NULL;

    if (!advance(p))
        return false;
    if (p->token.kind == TOKEN_END) {
        *ret = const_node(json_false()); /* blanks only */
        return true;
    }
    if (!parse_choice(p, &root))
        return false;
    if (p->token.kind != TOKEN_END)
        return refuse_token(p, "an operator");
    *ret = take(root);
    return true;
}

static int column_of(const char *text, size_t at)
{
    int column = 1;

    for (size_t i = 0; i < at; i++)
        column += ((unsigned char)text[i] & 0xC0) != 0x80 ? 1 : 0;
    return column;
}

bool expr_compile(const char *text, size_t len, struct expr **ret, int *ret_column, struct err *e)
{
    struct parser p = {.lexer = {text, len, 0}, .e = e};
    struct expr_node *root = NULL;
    int unused, *column = ret_column != NULL ? ret_column : &unused;

    *column = 1;
    if (len > EXPR_BYTES_MAX)
        return err_set(e, ERR_TOO_LARGE, "the condition has %zu bytes, at most %u are taken", len,
                       EXPR_BYTES_MAX);
    if (!text_utf8_valid(text, len) || memchr(text, '\0', len) != NULL)
        return err_set(e, ERR_INVALID, "the condition is not valid UTF-8 or holds U+0000");
    if (!parse_all(&p, &root)) {
        *column = column_of(text, p.lexer.at);
        return false;
    }
    *column = 0;
    *ret = mem_new(struct expr);
    (*ret)->root = root;
    return true;
}
