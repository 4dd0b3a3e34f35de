#!/usr/bin/env python3
"""Tries changed.py: on a graph written down here, in a repository of its own, and on this tree, of
which every file must touch something.

usage: changed_test.py BUILD_DIR
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import changed  # noqa: E402
import tree  # noqa: E402

BUILD = pathlib.Path(os.environ["BUILD_DIR"]).resolve()
SOURCE_TOPS = ("host", "sandbox", "authority", "plugin-sdk", "plugins", "scripts", "tests/adversarial",
               "tests/conformance", "tests/fuzz", "tests/integration", "tests/sim", "tests/unit")
QUERY = """bin/p:
  input: LINK
    a.o
    | lib/x.a
    || all
  outputs:
    p
a.o:
  input: CC
    /r/a b.c
  outputs:
    bin/p
"""


def test(name, labels="unit", reads="", rooms="", targets=""):
    return changed.Test(name, set(labels.split()), set(reads.split()), set(rooms.split()), set(targets.split()))


TESTS = [
    test("base", reads="host/base/a.c host/base/a.h tests/unit/base/main.c", targets="base_test"),
    test("api", reads="host/base/a.c host/base/a.h host/api/http/c.c tests/unit/api/main.c", targets="api_test"),
    test("server", reads="host/api/http/c.c tests/unit/api/http/http_test.py", targets="api_server"),
    test("stream", "integration", "tests/integration/test_stream.py", "host/api/stream", "bin/orchd"),
    test("crash", "integration slow", "tests/integration/test_crash.py", "host/store", "bin/orchd"),
    test("text", "house", "tests/house/text.py"),
    test("house_self_test", "house", "tests/house/self_test.py"),
    test("pages", "docs", "scripts/pages.py", targets="tables"),
]


def runs(*files):
    return {t.name for t in changed.choose(TESTS, files).run} - {"text"}


class Mapping(unittest.TestCase):
    def test_a_source_touches_the_tests_whose_programs_contain_it(self):
        self.assertEqual(runs("host/base/a.c"), {"base", "api"})
        self.assertEqual(runs("host/api/http/c.c"), {"api", "server"})

    def test_a_header_touches_the_tests_that_include_it(self):
        self.assertEqual(runs("host/base/a.h"), {"base", "api"})

    def test_a_file_that_no_graph_knows_counts_as_its_folder(self):
        self.assertEqual(runs("host/api/http/new.h"), {"api", "server"})
        self.assertEqual(runs("tests/unit/api/http/snapshot.txt"), {"api", "server"})

    def test_a_new_folder_counts_as_the_one_above_it(self):
        self.assertEqual(runs("host/api/new/room.c"), {"api", "server"})

    def test_a_room_that_a_test_is_about_touches_it_and_its_own_file_touches_no_other(self):
        self.assertEqual(runs("host/api/stream/ring.c"), {"stream", "api", "server"})
        self.assertEqual(runs("tests/integration/test_stream.py"), {"stream"})

    def test_what_all_of_a_folder_share_touches_all_of_it(self):
        self.assertEqual(runs("tests/integration/host.py"), {"stream"})

    def test_slow_tests_are_left_out_and_named(self):
        choice = changed.choose(TESTS, ["host/store/s.c", "tests/integration/test_crash.py"])
        self.assertEqual([t.name for t in choice.left_out], ["crash"])
        self.assertNotIn("crash", {t.name for t in choice.run})

    def test_the_build_touches_everything(self):
        for file in ("CMakeLists.txt", "cmake/Flags.cmake", "CMakePresets.json"):
            self.assertEqual(runs(file), {"base", "api", "server", "stream", "house_self_test", "pages"}, file)

    def test_the_build_of_a_folder_counts_as_the_folder(self):
        self.assertEqual(runs("host/api/CMakeLists.txt"), {"api", "server"})

    def test_documents_touch_the_documents_tests(self):
        self.assertEqual(runs("docs/API.md"), {"pages"})
        self.assertEqual(runs("README.md", "docs/adr/0001-x.md"), {"pages"})

    def test_the_houses_checks_touch_their_own_tests(self):
        self.assertEqual(runs("tests/house/text.py"), {"house_self_test"})
        self.assertEqual(runs("tests/house/new.py"), {"house_self_test"})

    def test_without_a_change_only_the_houses_checks_are_run(self):
        choice = changed.choose(TESTS, [])
        self.assertEqual([t.name for t in choice.run], ["text"])
        self.assertEqual((choice.left_out, choice.unknown), ([], []))

    def test_a_file_of_which_nothing_is_known_touches_everything_and_is_named(self):
        choice = changed.choose(TESTS, ["surprise/x.c"])
        self.assertEqual(choice.unknown, ["surprise/x.c"])
        self.assertEqual(len(choice.run), len(TESTS) - 1)

    def test_a_test_that_needs_the_whole_build_is_left_out(self):
        whole = test("installed", "house", "tests/house/install.sh")
        whole.whole = True
        choice = changed.choose([whole], ["tests/house/install.sh"])
        self.assertEqual((choice.run, choice.left_out), ([], [whole]))


class Graph(unittest.TestCase):
    def test_ninjas_answer_is_read_with_blanks_in_names_and_every_kind_of_input(self):
        self.assertEqual(changed.read_query(QUERY), {"bin/p": ["a.o", "lib/x.a", "all"], "a.o": ["/r/a b.c"]})

    def test_headers_are_followed_however_deep_and_never_in_a_circle(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in {"host/a/a.c": '#include "a/a.h"\n#include <stdio.h>\n', "host/b.h": '#include "a/a.h"\n',
                               "host/a/a.h": '#  include "b.h"\n#include "near.h"\n', "host/a/near.h": ""}.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text)
            self.assertEqual(changed.Includes(root).of("host/a/a.c"), {"host/a/a.h", "host/b.h", "host/a/near.h"})

    def test_the_rooms_of_a_test_are_read_from_its_first_lines(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "test_x.py")
            file.write_text('"""A promise.\n\nRooms: host/api, host/store,\nsandbox.\n"""\n')
            self.assertEqual(changed.told_rooms(file), {"host/api", "host/store", "sandbox"})
            file.write_text('"""A promise."""\n')
            self.assertEqual(changed.told_rooms(file), set())


class Difference(unittest.TestCase):
    def test_edited_staged_untracked_deleted_and_moved_files_are_found(self):
        with tempfile.TemporaryDirectory(prefix="a b ") as folder:
            root = pathlib.Path(folder)

            def git(*words):
                subprocess.run(["git", "-C", root, "-c", "user.name=n", "-c", "user.email=e", *words], check=True,
                               capture_output=True)
            git("init", "-q")
            for name in ("kept", "edited", "gone", "old name"):
                (root / name).write_text(f"{name}\n" * 20)
            (root / ".gitignore").write_text("ignored\n")
            git("add", ".")
            git("commit", "-qm", "m")
            self.assertEqual(changed.files(root, "HEAD"), [])
            git("mv", "old name", "new ä")
            (root / "edited").write_text("x\n")
            (root / "gone").unlink()
            (root / "untracked").write_text("")
            (root / "ignored").write_text("")
            self.assertEqual(changed.files(root, "HEAD"), ["edited", "gone", "new ä", "old name", "untracked"])


class ThisTree(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tests = changed.Build(tree.ROOT, BUILD).tests()
        cls.files = [name for _, name in tree.files()]

    def test_every_file_touches_something_or_the_table_names_it(self):
        self.assertGreater(len(self.files), 500)
        lost = [name for name in self.files if changed.touched(self.tests, name) is None]
        self.assertEqual(lost, [])

    def test_every_source_touches_a_test_that_is_not_of_the_house(self):
        checks = [t for t in self.tests if t.labels & changed.ALWAYS and not t.targets]
        of_house, own = {t.name for t in checks}, {name for t in checks for name in t.reads}
        lost = {name for name in self.files
                if any(changed.inside(name, top) for top in SOURCE_TOPS) and not name.endswith(".md")
                and name not in own and not changed.touched(self.tests, name) - of_house}
        self.assertEqual(lost, set())

    def test_every_row_of_the_table_names_something_that_is_there(self):
        self.assertEqual([row for row in changed.OTHERS if not (tree.ROOT / row).exists()], [])

    def test_every_room_that_a_test_tells_is_there(self):
        rooms = {room for t in self.tests for room in t.rooms}
        self.assertEqual([room for room in rooms if not (tree.ROOT / room).is_dir()], [])
        self.assertTrue(any(t.rooms for t in self.tests if "integration" in t.labels))

    def test_a_unit_test_is_found_by_what_it_links(self):
        base = changed.touched(self.tests, "host/base/err.c")
        units = {t.name for t in self.tests if "unit" in t.labels and any("host/base/" in name for name in t.reads)}
        self.assertTrue(units and units <= base)


if __name__ == "__main__":
    unittest.main()
