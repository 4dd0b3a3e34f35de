/* expr.h -- the condition language (DESIGN 4): a small, total subset of CEL that keeps
 * GreenLang's forms (greenlang 1.5).
 *
 *   cond    = or [ "?" cond ":" cond ]          or   = and { "||" and }
 *   and     = rel { "&&" rel }                  rel  = unary { relop unary }
 *   relop   = "==" "!=" "<" "<=" ">" ">=" "in"  unary = "!" unary | member
 *   member  = primary { "." method "(" cond ")" }
 *   primary = literal | path | function "(" cond ")" | "(" cond ")" | "[" [ cond { "," cond } ] "]"
 *
 * - Literals: numbers, 'text' and "text" (a backslash is a backslash), null, and true, false and
 *   none in any case.
 * - A word is any run without blanks, quotes and operators. Right of == or != a word that does not
 *   begin with `results.` or `input.` is text. Elsewhere it is a path (model/dag/expr/path.h), null
 * when its root is unknown; in lists, in arguments and right of the other operators an unknown root
 * is refused, since whoever wrote it meant text.
 * - Equality is Python's: true == 1, 1 == 1.0, '1' != 1. Ordering holds between two numbers
 *   (booleans count as 0 and 1) or two texts and is false for everything else, null included.
 * - && || ! ?: and the whole condition use truthiness: null, false, 0, "", [] and {} are false.
 * - Functions: size(x), has(path); methods: x.size(), x.startsWith(y), x.endsWith(y),
 *   x.contains(y). size of text counts code points and of anything without a size is null; the
 *   text methods are false unless both sides are text.
 * - No loops, no recursion in the data; a cost bound ends what would take too long.
 *
 * A compiled expression is immutable and may be used from several threads. */
#ifndef ORCH_MODEL_DAG_EXPR_EXPR_H
#define ORCH_MODEL_DAG_EXPR_EXPR_H

#include "base/buf.h"
#include "base/err.h"
#include "model/dag/expr/path.h"

#define EXPR_BYTES_MAX 4096u
#define EXPR_DEPTH_MAX 32u
/* One step is one operator, one element compared or 64 bytes of text searched. */
#define EXPR_STEPS_MAX 100000u

struct expr;

/* Blanks only compile to false (greenlang 1.5). ret_column, from 1 and in characters, may be NULL;
 * it is 0 after success. The message says what was wrong, without the column. */
bool expr_compile(const char *text, size_t len, struct expr **ret, int *ret_column,
                  struct err *e) must_check;
void expr_free(struct expr *expr);
DEFINE_AUTO(expr)

/* Fails with ERR_LIMIT when the cost bound is met, and in no other way. */
bool expr_eval(const struct expr *expr, const struct dag_scope *scope, bool *ret,
               struct err *e) must_check;

/* The same, for its value; the caller owns *ret. */
bool expr_value(const struct expr *expr, const struct dag_scope *scope, json_t **ret,
                struct err *e) must_check;

/* Appends the expression with every operator's parentheses written out. */
void expr_print(const struct expr *expr, struct buf *b);

#endif
