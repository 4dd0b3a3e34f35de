#!/usr/bin/env python3
"""A check that cannot fail checks nothing: in a small tree of its own every check passes, and each
planted breach makes its check fail and name the place.
"""
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import rooms

HERE = pathlib.Path(__file__).resolve().parent
HEADER = "#ifndef ORCH_BASE_A_H\n#define ORCH_BASE_A_H\n\n{}\n#endif\n"
GUARDED = "#ifndef ORCH_{0}\n#define ORCH_{0}\n\n{1}\n\n#endif\n"
CHAIN = "int m{0}(void);\nint m{1}(void);\nint m{0}(void)\n{{\n    return m{1}();\n}}\n"
FAILS = "bool a(struct err *e)\n{{\n{}}}\n"
LONG = "{why}void long_one(void)\n{{\n{lines}}}\n"
NO_CALLS = """struct b {
    int b;
};

int e(void);
int e(void) /* b */
{
    struct b one = {.b = 1};
    int b = one.b;

    return b + (int)sizeof "b()";
}
"""
CMAKE = """cmake_minimum_required(VERSION 3.25)
project(sound C)
include_directories(host . plugin-sdk/include)
file(GLOB_RECURSE sources host/base/*.c host/model/*.c host/cli/dag/only.c sandbox/wire/*.c authority/*.c)
add_library(all_of_it STATIC ${sources})
add_executable(orch host/cli/dag/main.c)
add_executable(worker sandbox/worker/main.c sandbox/worker/b.c)
target_link_libraries(orch all_of_it)
target_link_libraries(worker all_of_it)
set_target_properties(orch worker PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
"""
GLOSSARY = "# A\n\n## Words\n\n| word | what it means | not |\n| --- | --- | --- |\n| right | it | wrong |\n"
README = "# {0}\n\nWhat it is.\n\n- Owns: it.\n- Called by: all,\n  and more.\n- Always: so.\n- Runs in: orchd.\n"
ROOMS = ("authority/keys", "authority/token", "host/base", "host/cli/dag", "host/model/dag/source", "host/model/run",
         "plugins/p", "sandbox/wire", "sandbox/worker", *rooms.COMING, *rooms.NAMED)
SOUND = {
    "host/base/a.h": HEADER.format("int a(void);\n"),
    "host/base/a.c": '#include "base/a.h"\n\nint a(void)\n{\n    return 1;\n}\n',
    "host/model/dag/source/b.c": '#include "base/a.h"\n#include <libfyaml.h>\n\n'
                                 "int b(void);\nint b(void)\n{\n    return a();\n}\n",
    # What is no call of b: a comment, a text, a member, a tag, a variable.
    "authority/keys/e.c": NO_CALLS,
    "sandbox/wire/c.c": '#include "orch/plugin.h"\n\nstatic const char *text = "ORCH_HOME"; /* orch_run */\n'
                   "static struct orch_run *run;\n",
    "authority/token/d.c": '#include "base/a.h"\n',
    "CMakeLists.txt": CMAKE,
    "tests/house/allowed/dead.txt": "e: test: it shows what is no call\n",
    "plugin-sdk/include/orch/plugin.h": "struct orch_run;\n",
    "plugins/p/p.c": '#include "p.h"\n#include <orch/plugin.h>\n',
    # Two programs have a function b: each includes its own.
    "host/model/dag/source/b.h": GUARDED.format("MODEL_DAG_SOURCE_B_H", "int b(void);"),
    "host/cli/dag/only.c": "int only(void);\nint only(void)\n{\n    return 1;\n}\n",
    "host/cli/dag/main.c": '#include "model/dag/source/b.h"\n\nint m0(void);\n\nint main(void)\n{\n    return b() + m0();\n}\n',
    "sandbox/worker/b.h": GUARDED.format("SANDBOX_WORKER_B_H", "int b(void);"),
    "sandbox/worker/b.c": "int b(void);\nint b(void)\n{\n    return 1;\n}\n",
    "sandbox/worker/main.c": '#include "sandbox/worker/b.h"\n\nint only(void);\n\nint main(void)\n{\n    return b() + only();\n}\n',
    "tests/t.c": "int t;\nint e(void);\n\n" + LONG.format(why="/* Long: a table in words. */\n", lines="    t++;\n" * 60),
    "docs/README.md": "# A title\n\nThe name `wrong` of host/wrong/x.c stays.\n",
    "docs/ARCHITECTURE.md": GLOSSARY,
    "tests/w.py": '"""What is right."""\nx = "wrong" # all right\n',
    **{f"host/model/run/m{n}.c": CHAIN.format(n, n + 1) for n in range(4)},
    "host/model/run/m4.c": "int m4(void);\nint m4(void)\n{\n    return 1;\n}\n",
    **{f"{room}/README.md": README.format(room) for room in ROOMS},
    "run": "#!/bin/sh\necho \"$1\"\n",
}
DEEP = "int f(int x)\n{\n" + "".join("    " * i + f"if (x > {i})\n" for i in range(1, 5)) + \
       "                    return 1;\n    return 0;\n}\n"
# check, file, its new content, what the check must print
BREACHES = (
    ("include_direction.py", "host/base/a.c", '#include "model/dag/dag.h"\n', "host/base/a.c:1: host/base may not"),
    ("include_direction.py", "sandbox/wire/c.c", "# include <authority/keys/key.h>\n", "sandbox/wire may not include"),
    ("include_direction.py", "host/model/dag/source/b.c", '#include "host/store/store.h"\n', "not a rooted path"),
    ("include_direction.py", "host/model/dag/source/b.c", '#include "../store/store.h"\n', "climbs out"),
    ("include_direction.py", "host/model/dag/source/b.c", '#include "dag.h"\n', "not a rooted path"),
    ("include_direction.py", "host/model/dag/source/b.c", "\n#include <sqlite3.h>\n", "host/model/dag/source/b.c:2: sqlite3.h belongs to"),
    ("include_direction.py", "host/new/e.c", "int e;\n", "no rule says"),
    ("include_direction.py", "plugins/p/p.c", '#include "base/a.h"\n', "must build alone"),
    ("include_direction.py", "plugin-sdk/include/orch/plugin.h", '#include "host/base/a.h"\n', "must build alone"),
    ("sizes.py", "host/base/a.c", "int x;\n" * 501, "at most 500"),
    ("sizes.py", "host/base/a.c", LONG.format(why="", lines="    x++;\n" * 51), "host/base/a.c:1: function of 51 lines"),
    ("sizes.py", "tests/t.c", LONG.format(why="/* Not long. */\n", lines="    x++;\n" * 51), "function of 51 lines"),
    ("sizes.py", "tests/t.c", LONG.format(why="/* Long: so. */\n", lines="    x++;\n" * 71), "function of 71 lines"),
    ("sizes.py", "tests/t.py", "def t():\n" + "    t()\n" * 51, "tests/t.py:1: function of 51 lines"),
    ("sizes.py", "tests/house/allowed/sizes.txt", "tests/t.c: it was longer\n", "its line can go"),
    ("circles.py", "host/base/a.c", '#include "model/dag/source/b.h"\nint a(void)\n{\n    return b();\n}\n',
     "a circle of 2: host/base host/model/dag/source"),
    ("circles.py", "host/base/a.c", "typedef int call_fn(void);\nint b(void);\n"
     "call_fn *const table[] = {b};\nint a(void)\n{\n    return table[0]();\n}\n", "host/base -> host/model/dag/source: b"),
    ("circles.py", "host/base/a.c", '#include "model/dag/source/b.h"\n#define CALL() b()\nint a(void)\n{\n    return CALL();\n}\n',
     "a circle of 2: host/base host/model/dag/source"),
    ("circles.py", "host/model/run/m4.c", CHAIN.format(4, 0), "a circle of 5: host/model/run/m0"),
    ("circles.py", "tests/house/allowed/circles.txt", "host/base host/cli/dag: they were one\n", "they were one' can go"),
    ("dead.py", "host/base/a.c", "int a(void);\nint a(void)\n{\n    return 1;\n}\nint c(void);\nint c(void)\n{\n    return 1;\n}\n",
     "host/base/a.c:1: c is in no program"),
    ("dead.py", "host/api/x.c", "int x;\n", "host/api/x.c:1: no program or library"),
    ("dead.py", "tests/house/allowed/dead.txt", "e: test: so\na: test: it is linked\n", "a is linked or gone"),
    ("dead.py", "tests/house/allowed/dead.txt", "e: it is nice\n", "'it is nice' is no reason"),
    ("dead.py", "tests/house/allowed/dead.txt", "e: with f\n", "'with f' is no reason"),
    ("dead.py", "tests/t.c", "int t;\n", "e is kept for a test, and none names it"),
    ("rooms.py", "host/new/e.c", "int e;\n", "host/new/README.md:1: the room has none"),
    ("rooms.py", "host/base/README.md", README.format("host/api"), "its first line is not '# host/base'"),
    ("rooms.py", "host/base/README.md", README.format("host/base").replace("Always", "Never"), "it is not a title"),
    ("rooms.py", "host/base/README.md", README.format("host/base").replace("orchd", "the dark"), "names no process"),
    ("rooms.py", "host/base/README.md", README.format("host/base").replace("so.", "so.\n  so" * 9), "at most 15"),
    ("rooms.py", "tests/house/allowed/rooms.txt", "host/base: it has none\n", "host/base:1: is allowed"),
    ("sizes.py", "host/base/a.c", DEEP, "host/base/a.c:6: 4 levels deep"),
    ("words.py", "docs/README.md", "# A\n\nIt is wrong.\n", "docs/README.md:3: 'wrong' is out, the word is 'right'"),
    ("words.py", "host/base/a.c", "int a; /* all\n * Wrong */\n", "host/base/a.c:2: 'Wrong' is out"),
    ("words.py", "host/base/a.c", 'const char *a = "it is wrong";\n', "host/base/a.c:1: 'wrong' is out"),
    ("words.py", "host/base/a.c", "int wrong_one(void)\n{\n    return 0;\n}\n", "host/base/a.c:1: 'wrong' is out"),
    ("words.py", "tests/w.py", '"""What\nis wrong."""\n', "tests/w.py:2: 'wrong' is out"),
    ("words.py", "run", "#!/bin/sh\ntrue # wrong\n", "run:2: 'wrong' is out"),
    ("words.py", "docs/ARCHITECTURE.md", GLOSSARY + "| wrong | it | |\n", "'wrong' is in and out"),
    ("words.py", "docs/ARCHITECTURE.md", GLOSSARY + "".join(f"| w{n} | it | |\n" for n in range(40)), "41 words, at most 40"),
    ("words.py", "tests/house/allowed/words.txt", "run: it was wrong\n", "its line can go"),
    ("text.py", "docs/README.md", "TO" "DO: write\n", "unfinished"),
    ("text.py", "host/base/a.c", "int x; /* XX" "X */\n", "unfinished"),
    ("text.py", "run", "#!/bin/sh\ncat /ho" "me/someone/x\n", "run:2: a path of somebody's machine"),
    ("text.py", "docs/README.md", "one \ntwo\n", "docs/README.md:1: blanks"),
    ("text.py", "docs/README.md", "one\r\n", "blanks"),
    ("text.py", "docs/README.md", "one", "no newline"),
    ("text.py", "host/base/a.c", "\tint x;\n", "a tab"),
    ("names.py", "host/base/a.h", HEADER.format("int orch_a(void);\n"), "orch_a is not a name of the SDK"),
    ("names.py", "authority/token/d.c", "#define ORCH_MAX 1\n", "ORCH_MAX is not"),
    ("names.py", "host/base/a.h", "int a;\n", "its guard is not ORCH_BASE_A_H"),
    ("errs.py", "host/base/a.c", FAILS.format("    struct err why;\n\n"), "host/base/a.c:3: why is made without"),
    ("errs.py", "host/base/a.c", FAILS.format("    if (!b() || !c(e))\n        return false;\n"), "'!b()' fails without"),
    ("errs.py", "host/base/a.c",
     FAILS.format("    if (!c(e) || b() != 1) {\n        close(f);\n        return err_wrap(e, text);\n    }\n"),
     "'b() != 1' fails without"),
    ("errs.py", "host/base/a.c", FAILS.format("    return b() && c(e);\n"), "host/base/a.c:3: 'b()' fails without"),
    ("errs.py", "host/base/a.c", FAILS.format("    return b() || err_wrap(e, text);\n"), "'b()' fails without"),
    ("errs.py", "host/base/a.c", FAILS.format("    assert(b(1) == 0);\n"), "host/base/a.c:3: an assert calls b"),
    ("errs.py", "host/base/a.c", FAILS.format("    assert(n++ < 3);\n"), "an assert changes something"),
    ("headers.py", "host/base/a.h", HEADER.format("size_t a(void);\n"), "host/base/a.h:1: does not compile alone"),
    ("headers.py", "host/base/a.h", "struct a { int b; };\n", "does not compile alone"),
    ("format.sh", "tests/t.c", "int  t;\n", "tests/t.c:1"),
    ("shell.sh", "run", "#!/bin/sh\necho $1\n", "SC2086"),
)


def plant(root, name, text):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())


def run(check, root):
    command = ["sh"] if check.endswith(".sh") else [sys.executable]
    before = [root / "build"] if check == "dead.py" else []
    done = subprocess.run([*command, HERE / check, *before, root], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def sound_tree(root):
    for name, text in SOUND.items():
        plant(root, name, text)
    shutil.copy(HERE.parents[1] / ".clang-format", root)


def not_found(root, breach):
    """What is wrong with the check: nothing, or what it should have said."""
    check, name, text, said = breach
    sound_tree(root)
    plant(root, name, text)
    status, output = run(check, root)
    if status == 1 and said in output:
        return None
    return f"{check}, {name}: exit {status}, wanted 1 and `{said}`, said: {output}"


def not_content(root, check):
    """A sound tree passes, an empty one does not: there a check would see nothing at all."""
    sound_tree(root / "sound")
    status, output = run(check, root / "sound")
    (root / "empty").mkdir()
    if status != 0:
        return f"{check} fails on a sound tree: {output}"
    return f"{check} is content with an empty tree" if run(check, root / "empty")[0] == 0 else None


def main():
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        root, checks = pathlib.Path(folder), sorted({breach[0] for breach in BREACHES})
        done = [pool.submit(not_found, root / str(n), breach) for n, breach in enumerate(BREACHES)]
        done += [pool.submit(not_content, root / check, check) for check in checks]
        wrong = [found for found in (d.result() for d in done) if found is not None]
    print("\n".join(wrong))
    print(f"{len(BREACHES)} breaches of {len(checks)} checks planted, {len(wrong)} not found as they should be")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
