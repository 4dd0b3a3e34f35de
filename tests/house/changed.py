"""Which tests a change touches, for `./test --changed [BASE]`: pure, so that changed_test.py can try
it; run_parts.py builds and runs what comes out.

What a test reads comes from the build itself: the sources of the programs that its command names
(ninja's own graph), their headers, and the files of the tree that it names. A file that no graph
knows, such as a snapshot or a folder's CMakeLists.txt, counts as its folder. An integration test
runs the whole host, so it says in its first lines (`Rooms: ...`) which folders it is about.
"""
import dataclasses
import json
import pathlib
import re
import subprocess

SLOW = "slow"
# Run whatever changed, when they need no build; but the tests of the checks, with the checks only.
ALWAYS, OF_CHECKS = {"house", "docs"}, "_self_test"
# What no graph knows. A path, or a folder with all below it -> the label of the tests that it
# touches; the longest wins. EVERY: each test; NONE: those of ALWAYS are all.
EVERY, NONE = "every", ""
OTHERS = {
    "CMakeLists.txt": EVERY, "CMakePresets.json": EVERY, "cmake": EVERY,
    ".ci": NONE, ".clang-format": NONE, ".clang-tidy": NONE, ".gitignore": NONE, "LICENSE": NONE,
    "README.md": "docs", "docs": "docs", "test": NONE, "up": "docs",
    "tests/.clang-tidy": NONE, "tests/bench": "bench", "tests/docs": "docs", "tests/house": "house",
}
INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]', re.MULTILINE)
INCLUDE_DIRS = ("", "host", "plugin-sdk/include", "tests")
C_SUFFIXES = (".c", ".h", ".cpp", ".hpp", ".def")
ROOMS = re.compile(r"^Rooms: (.*?)\.$", re.MULTILINE | re.DOTALL)


@dataclasses.dataclass
class Test:
    name: str
    labels: set
    reads: set = dataclasses.field(default_factory=set)    # files of the tree, as git names them
    rooms: set = dataclasses.field(default_factory=set)    # folders that it is about
    targets: set = dataclasses.field(default_factory=set)  # of the build
    whole: bool = False                                    # it needs every target there is

    @property
    def left_out(self):
        return self.whole or SLOW in self.labels

    @property
    def always(self):
        return bool(self.labels & ALWAYS) and not (self.targets or self.left_out or self.name.endswith(OF_CHECKS))

    def folders(self):
        return {folder_of(name) for name in self.reads} - {""}


def folder_of(name):
    return name.rpartition("/")[0]


def inside(name, folder):
    return name == folder or name.startswith(folder + "/")


# ---- what each test reads ----

def told_rooms(path):
    """The folders of `Rooms: a, b.` at the top of a Python test."""
    found = ROOMS.search(path.read_text(errors="replace")[:2000]) if path.suffix == ".py" else None
    return set(re.split(r",\s+", found[1])) if found else set()


def read_query(text):
    """{target: its inputs} of what `ninja -t query` prints."""
    inputs, target, part = {}, None, None
    for line in text.splitlines():
        if not line.startswith(" "):
            target = line[:-1]
            inputs[target] = []
        elif not line.startswith("    "):
            part = line.split(":")[0].strip()
        elif part == "input":
            inputs[target].append(line.strip().lstrip("| "))
    return inputs


class Includes:
    """The headers that a source of the tree reaches, however deep."""

    def __init__(self, root):
        self.root, self.known = root, {}

    def of(self, name):
        found, left = set(), [name]
        while left:
            for header in self.direct(left.pop()) - found:
                found.add(header)
                left.append(header)
        return found

    def direct(self, name):
        if name not in self.known:
            text = (self.root / name).read_text(errors="replace") if name.endswith(C_SUFFIXES) else ""
            near = folder_of(name)
            self.known[name] = {place for word in INCLUDE.findall(text) for base in (near, *INCLUDE_DIRS)
                                for place in [str(pathlib.PurePath(base, word))] if (self.root / place).is_file()}
        return self.known[name]


class Build:
    """A configured build folder: its targets, and what each is made from."""

    def __init__(self, root, folder):
        self.root, self.folder = root, folder
        self.includes, self.known = Includes(root), {}
        rows = [line.rpartition(": ") for line in self.ninja("targets", "all").splitlines()]
        self.inputs = read_query(self.ninja("query", *(target for target, _, _ in rows)))
        self.targets = {target for target, _, rule in rows
                        if rule != "phony" and not target.startswith("/") and "CMakeFiles/" not in target}

    def ninja(self, *tool):
        return subprocess.run(["ninja", "-C", self.folder, "-t", *tool], capture_output=True, text=True,
                              check=True).stdout

    def sources(self, target):
        """The files of the tree that a target is made from: everything below it, and their headers."""
        if target not in self.known:
            self.known[target] = set()  # phony targets may go in a circle
            inner = self.of_tree(self.folder / target)
            found = {inner} | self.includes.of(inner) if inner else set()
            for name in self.inputs.get(target, ()):
                found |= self.sources(name)
            self.known[target] = found
        return self.known[target]

    def of_tree(self, path):
        """A source as git names it; "" for what is built or lies elsewhere."""
        if path.is_relative_to(self.root) and not path.is_relative_to(self.root / "build"):
            return path.relative_to(self.root).as_posix()
        return ""

    def under(self, path):
        """The targets that a path of the build stands for: itself, or all in a folder."""
        if not path.is_relative_to(self.folder):
            return set()
        name = path.relative_to(self.folder).as_posix()
        return {t for t in self.targets if inside(t, name)}

    def tests(self):
        listed = subprocess.run(["ctest", "--test-dir", self.folder, "--show-only=json-v1"],
                                capture_output=True, text=True, check=True).stdout
        return [self.test(one) for one in json.loads(listed)["tests"]]

    def test(self, one):
        told = {p["name"]: p["value"] for p in one["properties"]}
        made = Test(one["name"], set(told.get("LABELS", [])))
        for word in one.get("command", []):
            if word.startswith("/"):
                self.add_argument(made, pathlib.Path(word))
        if any(word == f"ORCH_BUILD_DIR={self.folder}" for word in told.get("ENVIRONMENT", [])):
            made.targets |= self.under(self.folder / "bin") | self.under(self.folder / "plugins")
        if not self.told(made):
            for target in made.targets:
                made.reads |= self.sources(target)
        return made

    def told(self, made):
        """Takes the rooms that its file tells; then those count, and not all that it runs."""
        rooms = set().union(*(told_rooms(self.root / name) for name in made.reads))
        made.rooms |= rooms
        return bool(rooms)

    def add_argument(self, made, path):
        inner = self.of_tree(path)
        if path == self.folder:
            made.whole = True
        elif inner and path.is_file():
            made.reads.add(inner)
        elif inner and path.is_dir():
            made.rooms.add(inner)
        made.targets |= self.under(path)


# ---- which of them a change touches ----

def by_table(name):
    rows = [row for row in OTHERS if inside(name, row)]
    return OTHERS[max(rows, key=len)] if rows else None


def by_folder(tests, name):
    """The tests about the folder of a file, above or below it; of the nearest folder that has any."""
    folder = folder_of(name)
    while folder:
        found = {t.name for t in tests if any(inside(f, folder) or inside(folder, f) for f in t.folders())}
        if found:
            return found
        folder = folder_of(folder)
    return set()


def touched(tests, name):
    """The names of the tests that a changed file touches; None when nothing says which."""
    found = {t.name for t in tests if name in t.reads}
    label = by_table(name)
    if label is not None:
        found |= {t.name for t in tests if label == EVERY or label in t.labels}
    elif not found:
        found = by_folder(tests, name)
    found |= {t.name for t in tests if any(inside(name, room) for room in t.rooms)}
    return found if found or label is not None else None


@dataclasses.dataclass
class Choice:
    run: list       # tests, in ctest's order
    left_out: list  # touched, but slow or in need of the whole build
    unknown: list   # files of which nothing says whom they touch: everything is run

    def targets(self, build, names):
        """What the tests need, and what else is made from the changed files (a benchmark)."""
        needed = set().union(*(t.targets for t in self.run))
        read = set().union(*(t.reads for t in self.run + self.left_out))
        alone = [t for t in build.targets if build.sources(t) & (set(names) - read)]
        return sorted(needed.union(alone))


def choose(tests, names):
    picked, unknown = set(), []
    for name in names:
        found = touched(tests, name)
        if found is None:
            unknown.append(name)
            found = {t.name for t in tests}
        picked |= found
    wanted = [t for t in tests if t.name in picked or t.always]
    return Choice([t for t in wanted if not t.left_out], [t for t in wanted if t.left_out], unknown)


# ---- the change ----

def git(root, *arguments):
    done = subprocess.run(["git", "-C", root, *arguments], capture_output=True, text=True, check=True)
    return [name for name in done.stdout.split("\0") if name]


def files(root, base):
    """What differs from a commit, uncommitted and untracked files among it; both names of a move."""
    changed = git(root, "diff", "--name-only", "--no-renames", "-z", base, "--")
    return sorted({*changed, *git(root, "ls-files", "--others", "--exclude-standard", "-z")})
