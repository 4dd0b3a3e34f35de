"""Fenced blocks of a Markdown file, and the commands of its console blocks.

A console block holds lines `$ command`, `> more of it`, and the output that is claimed. `...` in a
claim stands for any text of a line, a line that is only `...` for any number of lines. A command
without a claim may print what it likes. A block behind `<!-- not run: REASON -->` is not run; only
the reasons in NOT_RUN are taken.
"""
import dataclasses
import re

NOT_RUN = ("installs packages", "runs this page itself")
LANGUAGES = {"console", "text", "c", "json", "yaml", "cmake"}
SH_PAGES = {"PLUGIN_GUIDE.md"}  # its sh blocks are all commands


@dataclasses.dataclass
class Block:
    language: str
    line: int
    text: list
    reason: str | None  # why it is not run


@dataclasses.dataclass
class Command:
    line: int
    text: str
    claim: list


def blocks(lines):
    found, inside, reason = [], None, None
    for number, line in enumerate(lines, 1):
        fence = re.match(r"```(\w*)\s*$", line)
        if inside is not None and fence:
            found.append(inside)
            inside = reason = None
        elif inside is not None:
            inside.text.append(line)
        elif fence:
            inside = Block(fence[1], number, [], reason)
        elif line.strip():
            mark = re.match(r"<!-- not run: (.*) -->$", line)
            reason = mark[1] if mark else None
    if inside is not None:
        raise ValueError(f"line {inside.line}: the block does not end")
    return found


def commands(block):
    found = []
    for number, line in enumerate(block.text, block.line + 1):
        if line.startswith("$ "):
            found.append(Command(number, line[2:], []))
        elif line.startswith("> ") and found and not found[-1].claim:
            found[-1].text += "\n" + line[2:]
        elif found:
            found[-1].claim.append(line)
        else:
            raise ValueError(f"line {number}: output before the first command")
    return found


def problems(name, lines):
    """What is wrong with a page's blocks, before any is run."""
    for block in blocks(lines):
        known = LANGUAGES | ({"sh"} if name in SH_PAGES else set())
        if block.language not in known:
            yield block.line, f"a block is one of {', '.join(sorted(known))}, not '{block.language}'"
        if block.reason is not None and not block.reason.startswith(NOT_RUN):
            yield block.line, f"'{block.reason}' is no reason not to run a command"
        if block.language == "console" and not commands(block):
            yield block.line, "a console block without a command"


def pattern(claim):
    """The claimed lines as one regular expression over the whole output."""
    parts = []
    for line in claim:
        if line.strip() == "...":
            parts.append(r"(?:.*\n)*?")
        else:
            parts.append(".*?".join(map(re.escape, line.rstrip().split("..."))) + r"[ \t]*\n")
    return re.compile("".join(parts))


def fits(claim, output):
    output = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", output).strip("\n")
    return not claim or pattern(claim).fullmatch(output + "\n") is not None
