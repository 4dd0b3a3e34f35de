#!/usr/bin/env python3
"""Reads generated documents with the host's YAML reader and with Python's: what both take says the
same, and of those that were not spoilt the host refuses none but for the reasons below.

usage: yaml_reading_test.py PROGRAM [DOCUMENTS [SEED]]
"""
import json
import random
import re
import subprocess
import sys

import yaml

# Valid YAML that is refused, and said so: libfyaml reads it otherwise than the source says.
REFUSED = ("two readings of this text differ",
           "invalid indentation in mapping", "did not find expected '-' indicator",
           "empty block scalar with wrongly indented comment line")
REFUSED_SHARE = 0.05

INT = re.compile(r"[-+]?[0-9]+$|0o[0-7]+$|0x[0-9a-fA-F]+$")
REAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$")
BASE = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class Core(BASE):
    """Every scalar by the core schema of YAML 1.2, which is not Python's own."""

    def construct_object(self, node, deep=False):
        if isinstance(node, yaml.ScalarNode):
            return core(node.value) if not node.style else node.value
        if isinstance(node, yaml.SequenceNode):
            return [self.construct_object(item) for item in node.value]
        pairs = [(self.key(k), self.construct_object(v)) for k, v in node.value]
        if len(dict(pairs)) != len(pairs):
            raise yaml.YAMLError("a key is given twice")
        return dict(pairs)

    @staticmethod
    def key(node):
        if not isinstance(node, yaml.ScalarNode):
            raise yaml.YAMLError("a key must be plain text")
        return node.value


def core(text):
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return text.lower() == "true"
    if INT.match(text):
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
    return float(text) if REAL.match(text) else text


def python_says(text):
    try:
        return True, yaml.load(text, Core)
    except (yaml.YAMLError, ValueError, RecursionError):
        return False, None


class Writer:
    """One document: mappings and lists in both styles, scalars in all five."""

    WORDS = ["a", "bb", "\u00e9", "#x", "x: y", "- z", '"q"', "'s'", "\\n", "%", "@", "b", "!t", "{", "}",
             "[1]", "\U0001F600", "x  ", "=", "...", "---", "|", ">", "0x1", "null", "~", "1e3", "&a", "*b"]
    DOUBLE = ["a", "b ", "\\n", "\\t", '\\"', "\\\\", "\u00e9", "\n", "\n\n", "\\x41", "\\u00e9", "\\U0001F600",
              " ", "'", "#", ": ", "\\/", "\\\n", "  ", "\\ ", "\\_", "- ", " \n", "\t", "\\\n\n"]
    SINGLE = ["a", "b ", "''", '"', "\u00e9", "\n", "\n\n", "#", ": ", "\\n", "  ", "\t", " \n", "- ", "\\"]
    PLAIN = [" a", " b", "\n", "\n\n", " -e", ":f", "#g", " 1", "'", '"', "\u00e9", " - x", "?", "%", "=", " |"]
    PLAIN_BLOCK = [" ]", " h,i", "{", "[x", ","]
    HEADS = ["x", "-x", "?x", ":x", "x#y", "\u00e9", "x:y", "1", "0x1f", "true", "-", "1.5", ".5", "+1", "1e3"]

    def __init__(self, rng):
        self.rng = rng

    def some(self, parts, most):
        return "".join(self.rng.choice(parts) for _ in range(self.rng.randrange(most)))

    def folded(self, text, indent):
        return re.sub(r"\n(?!\n)", "\n" + " " * (indent + 1 + self.rng.randrange(3)), text)

    def plain(self, indent, flow):
        head = self.rng.choice(self.HEADS if not flow else ["x", "x-y", "1", "\u00e9", "null", "a b", "x:y"])
        if head == "-":
            head += "y"
        return self.folded(head + self.some(self.PLAIN + ([] if flow else self.PLAIN_BLOCK), 6), indent)

    def quoted(self, indent):
        if self.rng.random() < 0.5:
            return '"' + self.folded(self.some(self.DOUBLE, 8), indent) + '"'
        return "'" + self.folded(self.some(self.SINGLE, 8), indent) + "'"

    def block(self, indent):
        """indent: of the parent's entries; the text stands deeper."""
        rng = self.rng
        deeper = max(indent, 0) + 1 + rng.randrange(4)
        header = rng.choice("|>") + rng.choice(["", "-", "+"])
        if rng.random() < 0.2:
            header += str(deeper - max(indent, 0))
        lines = []
        for _ in range(rng.randrange(6)):
            kind = rng.random()
            if kind < 0.25:
                lines.append("")
            elif kind < 0.35 and lines:
                lines.append(" " * rng.randrange(deeper + 4))
            else:
                more = rng.choice(["", "", "", "  ", "   ", "\t"]) if lines and lines[0].strip() else ""
                lines.append(" " * deeper + more + " ".join(rng.choice(self.WORDS) for _ in range(1 + rng.randrange(3))))
        comment = rng.choice(["", "", "", " # | c"])
        return header + comment + "".join("\n" + line for line in lines)

    def flow(self, indent, depth):
        rng = self.rng
        if depth == 0 or rng.random() < 0.5:
            return self.quoted(indent) if rng.random() < 0.5 else self.plain(indent, True)
        gap = rng.choice(["", " ", "\n" + " " * (indent + 1), " # c\n" + " " * (indent + 2)])
        items = [self.flow(indent, depth - 1) for _ in range(rng.randrange(4))]
        if rng.random() < 0.5:
            return "[" + gap + f",{gap or ' '}".join(items) + rng.choice(["", " "]) + "]"
        keys = [rng.choice(["k{}: ", "'k{}': ", '"k{}":', "k{} : "]).format(i) for i in range(len(items))]
        return "{" + gap + f",{gap or ' '}".join(k + i for k, i in zip(keys, items)) + rng.choice(["", " "]) + "}"

    def value(self, indent, depth):
        """What follows ":" or "-" of an entry at this indentation, with its line's end."""
        rng = self.rng
        kind = rng.random()
        if kind < 0.25:
            return " " + self.block(indent) + "\n"
        if kind < 0.45:
            return " " + self.quoted(indent) + rng.choice(["\n", " # c\n"])
        if kind < 0.6:
            return " " + self.plain(indent, False) + rng.choice(["\n", " # c\n", "  \n"])
        if kind < 0.7:
            return " " + self.flow(max(indent, 0), 2) + "\n"
        if kind < 0.76 or depth == 0:
            return "\n"
        return rng.choice(["\n", " # c\n"]) + self.entries(indent + 1 + rng.randrange(3), depth - 1)

    def entries(self, indent, depth):
        rng = self.rng
        pad = " " * indent
        if rng.random() < 0.35:
            return "".join(pad + "-" + self.value(indent, depth) for _ in range(1 + rng.randrange(3)))
        keys = ["k{}:", "'k {}':", '"k\\t{}":', "k-{} :", "? k{}\n" + pad + ":"]
        lines = (pad + rng.choice(keys).format(i) + self.value(indent, depth) for i in range(1 + rng.randrange(4)))
        return "".join(rng.choice(["", "", "", "\n", pad + "# c\n", "# c: |\n"]) + line for line in lines)

    def document(self):
        rng = self.rng
        text = rng.choice(["", "", "---\n", "# c\n", "%YAML 1.2\n---\n"]) + self.entries(0, 3)
        if rng.random() < 0.1:
            text = text.rstrip("\n")
        spoilt = rng.random() < 0.3
        if spoilt:
            for _ in range(1 + rng.randrange(3)):
                at = rng.randrange(len(text) + 1)
                text = text[:at] + rng.choice(["", " ", "\n", "x", ":", "-", "'", '"', "|", ",", "#"]) + text[at + rng.randrange(2):]
        return text.replace("\n", "\r\n") if rng.random() < 0.15 else text, spoilt


def main(program, count="10000", seed="1"):
    rng = random.Random(int(seed))
    documents = [Writer(rng).document() for _ in range(int(count))]
    texts = [text for text, _ in documents]
    sent = b"".join(b"%d\n%b" % (len(t.encode()), t.encode()) for t in texts)
    lines = subprocess.run([program], input=sent, stdout=subprocess.PIPE, check=True).stdout.splitlines()
    assert len(lines) == len(texts), f"{len(lines)} answers to {len(texts)} documents"
    wrong, both, refused, reasons = 0, 0, 0, {}
    for (text, spoilt), line in zip(documents, lines):
        ours = json.loads(line)
        taken, theirs = python_says(text)
        if "value" not in ours:
            if taken and not spoilt:
                reason = ours["refused"].split(": ", 1)[-1]
                reasons.setdefault(reason, []).append(text)
                refused += 1
        elif taken:
            both += 1
            if ours["value"] != theirs:
                wrong += 1
                print(f"DIFFER {text!r}\n  host   {ours['value']!r}\n  python {theirs!r}")
    strange = {r: t for r, t in reasons.items() if not r.startswith(REFUSED)}
    for reason, some in sorted(reasons.items(), key=lambda item: -len(item[1])):
        print(f"refused {len(some)}: {reason}" + (f"\n  {min(some, key=len)!r}" if reason in strange else ""))
    print(f"{len(texts)} documents, {both} read by both, {wrong} differ, {refused} refused that Python takes")
    return 1 if wrong or strange or refused > REFUSED_SHARE * both or both < len(texts) / 4 else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
