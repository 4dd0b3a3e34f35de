#!/usr/bin/env python3
"""Checks that an error is empty until something is wrong, and then says what (base/err.h):

a local `struct err` is made with `= {0}`: what crosses a socket or comes into a log is never what lay on the
stack. In a function that has a `struct err *e`, where one clause of `if (a || b) return false;` (or
`return err_wrap(e, ...)`, whatever is closed before) or of
`return a && b;` gives e away, each of them does: one that does not would fail without a reason. The same
before `|| err_wrap(e, ...)`, which only adds to a reason.

An assert does nothing: what it calls only looks, or a build without asserts would be another program.
"""
import re

import tree

NOT_CODE = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'|//[^\n]*|/\*.*?\*/', re.S)
FUNCTION = re.compile(r"^[A-Za-z_][^;{}#=]*?[(,]\s*struct err \*(\w+)\)\s*\{", re.M)
LOCAL = re.compile(r"^\s+(?:static )?struct err (\w+)\s*[;,]", re.M)
AGGREGATE = re.compile(r"(?:struct|union)(?:\s+\w+)?\s*$")
VARIABLE = re.compile(r"\s*!?\w+\s*")
REFUSAL = re.compile(r"\s*(?:\{(?P<first>[^{}]*))?return (?:false;|err_wrap\()")
ASSERT = re.compile(r"\bassert\(")
CALL = re.compile(r"\b([a-z]\w*)\(")
DOES = re.compile(r"\+\+|--|[^=!<>]=[^=]")
LOOKS = {"isfinite", "pthread_equal", "pthread_self", "sizeof", "strcmp", "strlen",
         "http_text_clean", "node_state_final", "sqlite3_bind_parameter_count", "store_pending", "version_valid"}
MAKES = re.compile(r"\berr_(?:set|sys)\(")
seen = []


def blanked(match):
    text = match.group()
    stands_for = '""' if text[0] == '"' else "0" if text[0] == "'" else ""
    return stands_for + "\n" * text.count("\n")


def closing(code, start):
    """Where the bracket at start is closed."""
    depth = 0
    for at in range(start, len(code)):
        depth += (code[at] in "({[") - (code[at] in ")}]")
        if depth == 0:
            return at
    return len(code)


def clauses(text, operator):
    """The operands of a chain of operators, parted at the top level."""
    depth, parts = 0, [""]
    for at, c in enumerate(text):
        depth += (c in "([{") - (c in ")]}")
        if depth == 0 and text[at:at + 2] == operator:
            parts.append("")
        elif not (depth == 0 and text[at - 1:at + 1] == operator):
            parts[-1] += c
    return parts


def in_aggregate(code, at):
    """The innermost open brace before it is that of a struct or union."""
    depth = 0
    while at > 0:
        at -= 1
        depth += (code[at] == "}") - (code[at] == "{")
        if depth < 0:
            return AGGREGATE.search(code, max(0, at - 80), at) is not None
    return True


def silent(parts, gives):
    """The clauses that fail without a reason, where others give one. A variable has what an earlier call said."""
    if not any(map(gives.search, parts)):
        return []
    return [" ".join(p.split()) for p in parts if not gives.search(p) and not VARIABLE.fullmatch(p)]


def silences(body, e):
    """(offset, clause) of a function's body."""
    gives = re.compile(rf"[(,]\s*{e}\s*[,)]")
    for found in re.finditer(r"\bif \(", body):
        end = closing(body, found.end() - 1)
        refusal = REFUSAL.match(body, end + 1)
        if refusal and not MAKES.search(refusal["first"] or ""):
            yield from ((found.start(), c) for c in silent(clauses(body[found.end():end], "||"), gives))
    for found in re.finditer(r"\breturn ([^;]*);", body):
        last = clauses(found[1], "||")
        if len(last) > 1 and re.match(rf"\s*err_wrap\(\s*{e}\b", last[-1]):
            yield from ((found.start(), " ".join(c.split())) for c in last[:-1] if not re.search(rf"\b{e}\b", c))
        else:
            yield from ((found.start(), c) for c in silent(clauses(last[-1], "&&"), gives))


def deeds(code):
    """(offset, reason) of each assert that may do something."""
    for found in ASSERT.finditer(code):
        text = code[found.end():closing(code, found.end() - 1)]
        calls = sorted(set(CALL.findall(text)) - LOOKS)
        if calls:
            yield found.start(), f"an assert calls {calls[0]}; if that only looks, list it in errs.py"
        elif DOES.search(text):
            yield found.start(), "an assert changes something"


def breaches():
    for path, name in tree.files(("host", "sandbox", "authority"), {".c"}):
        seen.append(name)
        code = NOT_CODE.sub(blanked, path.read_text())
        for found in LOCAL.finditer(code):
            if not in_aggregate(code, found.start()):
                yield name, code.count("\n", 0, found.start(1)) + 1, f"{found[1]} is made without = {{0}}"
        for at, reason in deeds(code):
            yield name, code.count("\n", 0, at) + 1, reason
        for found in FUNCTION.finditer(code):
            start = found.end() - 1
            for at, clause in silences(code[start:closing(code, start)], found[1]):
                yield name, code.count("\n", 0, start + at) + 1, f"'{clause}' fails without a reason"


if __name__ == "__main__":
    tree.check(breaches(), lambda: len(seen))
