"""Which function names which, in the C of the host, the sandbox and the authority.

universal-ctags says where each function and each table of a file begins and ends; what stands there,
comments and strings left out, names other functions: it calls them, or it passes them on to be called.
No name of a function is: a member (`.name`, `->name`, `.name =`), a tag (`struct name`), a variable
of the function itself. A function of the file hides one of another file, as in C. Where several
programs have a function of the same name, that of a room whose header the file includes is meant. A
macro counts as what it stands for. What is called through a pointer is not seen: that is what cuts a circle.
"""
import bisect
import collections
import json
import re
import subprocess

import tree

FOLDERS = ("host", "sandbox", "authority")
NOT_CODE = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'|//[^\n]*|/\*.*?\*/', re.S)
DEFINE = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)((?:[^\\\n]|\\.|\\\n)*)", re.M)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\\\n]|\\.|\\\n)*", re.M)
NAME = re.compile(r"(?<![\w.])(?<!->)[A-Za-z_]\w*")
AFTER = re.compile(r"(?:\b(?:struct|union|enum|goto)|\.|->)\s*$")
CLEANUP = re.compile(r"\bauto_(obj|done)\((\w+)\)")  # base/auto.h
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)/[^"/]+"', re.M)
CALLED = re.compile(r"(?<![\w.#])(?<!->)([A-Za-z_]\w*)\s*\(")
NONE = frozenset()


class Part:
    """A function, or a variable of a file (a table of functions), and the code that it consists of."""

    def __init__(self, file, name, static, is_function):
        self.file, self.name, self.static, self.is_function = file, name, static, is_function
        self.code, self.line, self.hidden, self.names = "", 0, set(), {}

    def __repr__(self):
        return f"{self.file}:{self.name}"


def blanked(match):
    return "\n" * match.group().count("\n")


def code_of(text):
    return NOT_CODE.sub(blanked, text)


def tags(root, files):
    done = subprocess.run(["ctags", "--output-format=json", "--fields=+neSK", "--kinds-C=fvlzm", "-I",
                           "must_check,DEFINE_AUTO+,DEFINE_AUTO_DONE+", "-f", "-", "-L", "-"],
                          cwd=root, input="\n".join(files), capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def end_of_variable(code, start):
    depth = 0
    for at in range(start, len(code)):
        depth += (code[at] in "({[") - (code[at] in ")}]")
        if code[at] == ";" and depth == 0:
            return at
    return len(code)


class Calls:
    def __init__(self, root):
        self.files = [name for _, name in tree.files(FOLDERS, {".c", ".h"})]
        self.macros = {}
        self.rooms = {}  # file -> its own room and those of the headers that it includes
        self.of_file = collections.defaultdict(dict)  # file -> name -> Part
        self.outside = collections.defaultdict(set)   # name -> Parts that other files may name
        self.code = {file: self.read(root / file, file) for file in self.files}
        self.parts = []
        self.read_tags(tags(root, self.files))
        for part in self.parts:
            part.names = self.names_in(part)

    def read(self, path, file):
        """The file's code without comments, strings and directives; its macros are put aside."""
        text = path.read_text()
        rooms = INCLUDE.findall(text)
        self.rooms[file] = {file.rpartition("/")[0], *rooms, *(f"host/{room}" for room in rooms)}
        text = code_of(text)
        for name, body in DEFINE.findall(text):
            self.macros.setdefault(name, []).append((file, set(CALLED.findall(body))))
        return DIRECTIVE.sub(blanked, text)

    def read_tags(self, found):
        starts = {file: [0, *(m.end() for m in re.finditer("\n", code))] for file, code in self.code.items()}
        for tag in found:
            file, code = tag["path"], self.code[tag["path"]]
            if tag["kind"] not in ("function", "variable"):
                continue
            # A function of a header is inline: whoever includes it may call it.
            part = Part(file, tag["name"], "file" in tag and file.endswith(".c"), tag["kind"] == "function")
            start = starts[file][tag["line"] - 1]
            if part.is_function:
                end = starts[file][tag["end"]] if tag["end"] < len(starts[file]) else len(code)
                start = max(code.find("{", start, end), start)
            else:
                end = end_of_variable(code, start)
            part.code, part.line, part.start = code[start:end], tag["line"], tag["line"]
            part.end = bisect.bisect(starts[file], max(end - 1, 0))
            if not part.is_function and (file.endswith(".h") or "=" not in part.code):
                continue
            self.parts.append(part)
            self.of_file[file][part.name] = part
            if not part.static:
                self.outside[part.name].add(part)
        self.hide(found)

    def hide(self, found):
        for tag in found:
            part = self.of_file[tag["path"]].get(tag.get("scope"))
            if tag["kind"] in ("local", "parameter") and part:
                part.hidden.add(tag["name"])

    def names_in(self, part):
        """name -> Parts that the code of this part names."""
        words = {m.group() for m in NAME.finditer(part.code)
                 if m.group() in self.known() and not AFTER.search(part.code, max(m.start() - 12, 0), m.start())}
        words |= {f"{thing}_{'free' if how == 'obj' else 'done'}" for how, thing in CLEANUP.findall(part.code)}
        found = {}
        for word in self.expanded(part.file, words - part.hidden):
            target = self.resolve(part.file, word)
            if target and part not in target:
                found[word] = target
        return found

    def known(self):
        if not hasattr(self, "every_name"):
            self.every_name = {part.name for part in self.parts} | set(self.macros)
        return self.every_name

    def expanded(self, file, words):
        """The words, and those that the macros among them stand for."""
        done, left = set(), set(words)
        while left:
            word = left.pop()
            done.add(word)
            for place, body in self.macros.get(word, ()):
                if place == file or place.endswith(".h"):
                    left |= (body & self.known()) - done
        return done

    def resolve(self, file, name):
        own, others = self.of_file[file].get(name), self.outside.get(name, NONE)
        if own or len(others) < 2:
            return {own} if own else others
        return {part for part in others if part.file.rpartition("/")[0] in self.rooms[file]} or others

    def functions(self, name):
        return [part for part in self.parts if part.name == name and part.is_function]
