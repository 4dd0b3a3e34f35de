#!/usr/bin/env python3
"""Checks that the same word stands for the same thing: the glossary of docs/ARCHITECTURE.md has at most
40 words, and the words of its last column are out.

They are out of prose (documents, comments, messages, that is texts with a blank in them) and of the
names of functions and files. Where a contract gives a word, it stays: in names (`code`, a text without
a blank, a path), in the rooms that speak the contracts' API, and in the PHRASES.
allowed/words.txt: files that may have all of them.
"""
import re

import calls
import tree

PAGE, WORDS_MAX = "docs/ARCHITECTURE.md", 40
ROW = re.compile(r"^\| ([^|]+) \| [^|]+ \| ([^|]*)\|$")
# The contracts' API in their own words.
CONTRACT = ("host/api/routes/", "tests/unit/api/", "tests/conformance/")
PHRASES = re.compile(r"execution(?:'s)? chain hash|execution chain|(?<=\bre-)execution|file or directory", re.I)
PROSE = {".c", ".h", ".cpp", ".def", ".py", ".sh", ".txt", ".cmake", ".md", ""}
NAMES = re.compile(r"`[^`]*`|\]\([^)]*\)|\b[\w.-]*/[\w./{},*-]+|\b\w+\.(?:[ch]|def|py)\b")
TEXT = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'|//[^\n]*|/\*.*?\*/', re.S)
DOCSTRING = re.compile(r'"""(.*?)"""|(?:^|\s)#\s([^\n]*)', re.S)
seen = []


def glossary():
    """word -> the words that are out for it."""
    path = tree.ROOT / PAGE
    section = path.read_text().partition("\n## Words\n")[2].partition("\n## ")[0] if path.exists() else ""
    rows = [ROW.match(line) for line in section.splitlines() if not line.startswith(("| word |", "| --- |"))]
    return {row[1]: [out.strip() for out in row[2].split(",") if out.strip()] for row in rows if row}


def numbered(text, start, piece):
    first = text.count("\n", 0, start) + 1
    yield from enumerate(piece.splitlines(), first)


def prose_of_page(text):
    """Generated parts come from elsewhere, fenced ones are run; the glossary may say what is out."""
    inside = glossary_is_here = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("## "):
            glossary_is_here = line == "## Words"
        if line.startswith(("```", "<!-- generated", "<!-- end")):
            inside = line.startswith("<!-- generated") or (line.startswith("```") and not inside)
        elif not inside and not glossary_is_here:
            yield number, line


def prose_of_c(text):
    for found in TEXT.finditer(text):
        piece = found.group()
        if piece[0] == "/" or (piece[0] == '"' and " " in piece):
            yield from numbered(text, found.start(), piece)


def prose_of_script(text):
    for found in DOCSTRING.finditer(text):
        yield from numbered(text, found.start(), found[1] if found[1] is not None else found[2])


def prose(path):
    text = path.read_text(errors="replace")  # what is no text is for text.py to refuse
    if path.suffix == ".md":
        return prose_of_page(text)
    return prose_of_c(text) if path.suffix in {".c", ".h", ".cpp", ".def"} else prose_of_script(text)


def places(words):
    """(file, line, what is said there)"""
    for path, name in tree.files((".",), PROSE):
        if name.startswith(CONTRACT) or "LICENSE" in name:
            continue
        seen.append(name)
        for number, line in prose(path):
            yield name, number, NAMES.sub(" ", PHRASES.sub(" ", line))
    for part in calls.Calls(tree.ROOT).parts:
        if part.is_function and not part.file.startswith(CONTRACT):
            yield part.file, part.line, PHRASES.sub(" ", part.name.replace("_", " "))


def breaches():
    words = glossary()
    if not words:
        yield PAGE, 1, "no glossary: a section Words with a table"
    if len(words) > WORDS_MAX:
        yield PAGE, 1, f"{len(words)} words, at most {WORDS_MAX} are taken"
    instead = {out: word for word, outs in words.items() for out in outs}
    for word in sorted(set(words) & set(instead)):
        yield PAGE, 1, f"'{word}' is in and out"
    sought = re.compile(rf"\b({'|'.join(map(re.escape, instead))})(?:e?s)?\b" if instead else r"(?!)", re.I)
    left = {name: reason for names, reason in tree.allowed("words") for name in names}
    met = set()
    for name, number, said in places(words):
        for found in sought.finditer(said):
            reason = f"'{found[0]}' is out, the word is '{instead[found[1].lower()]}'"
            if name in left:
                met.add(name)
                print(f"left: {name}:{number}: {reason} ({left[name]})")
            else:
                yield name, number, reason
    for name in sorted(set(left) - met):
        yield name, 1, "may have words that are out and has none: its line can go"


if __name__ == "__main__":
    tree.check(breaches(), lambda: len(seen))
