#!/usr/bin/env python3
"""Shows that each check of the documents can fail: a planted breach is found, the good twin is not."""
import contextlib
import io
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import blocks  # noqa: E402
import claims  # noqa: E402
import commands  # noqa: E402
import walk  # noqa: E402


def page(text):
    return text.strip("\n").splitlines()


class Blocks(unittest.TestCase):
    def test_a_claim_fits_its_own_output_and_no_other(self):
        for claim, output, fits in (
            (["ready in ... ms"], "ready in 12 ms\n", True),
            (["ready in ... ms"], "ready in 12 s\n", False),
            (["ready"], "ready\nand more\n", False),
            (["ready", "..."], "ready\nand more\n", True),
            (["...", "more"], "ready\nand\nmore\n", True),
            (["...", "most"], "ready\nmore\n", False),
            (["a.c"], "abc\n", False),
            (["green"], "\x1b[32mgreen\x1b[0m\n", True),
            ([], "whatever\n", True),
        ):
            with self.subTest(claim=claim, output=output):
                self.assertEqual(blocks.fits(claim, output), fits)

    def test_commands_go_on_over_lines_and_end_where_output_begins(self):
        block, = blocks.blocks(page("```console\n$ cat <<E\n> x\n> E\nx\n$ true\n```"))
        first, second = blocks.commands(block)
        self.assertEqual((first.text, first.claim), ("cat <<E\nx\nE", ["x"]))
        self.assertEqual((second.text, second.claim, second.line), ("true", [], 6))

    def test_a_block_that_nobody_would_run_is_found(self):
        for text, wrong in (
            ("```console\n$ true\n```", False),
            ("```sh\ntrue\n```", True),
            ("```\ntrue\n```", True),
            ("```console\n```", True),
            ("<!-- not run: it is slow -->\n```console\n$ true\n```", True),
            ("<!-- not run: installs packages -->\n```console\n$ true\n```", False),
        ):
            with self.subTest(text=text):
                self.assertEqual(bool(list(blocks.problems("X.md", page(text)))), wrong)

    def test_a_block_without_an_end_is_found(self):
        with self.assertRaises(ValueError):
            blocks.blocks(page("```console\n$ true"))


class Commands(unittest.TestCase):
    def run_page(self, text):
        with contextlib.redirect_stdout(io.StringIO()), tempfile.TemporaryDirectory() as work:
            tree = pathlib.Path(work, "tree")
            tree.mkdir()
            (tree / "X.md").write_text(text)
            return commands.run_page("X.md", tree, {"PATH": "/usr/bin:/bin"}, pathlib.Path(work), [1, 2, 3])

    def test_state_lives_from_command_to_command(self):
        self.assertEqual(self.run_page("```console\n$ cd /tmp && A=1\n$ echo $A $PWD\n1 /tmp\n```"), 2)

    def test_the_port_of_the_page_becomes_ours(self):
        self.run_page("```console\n$ echo 127.0.0.1:8080 | grep -c :1$\n1\n```")

    def test_a_command_that_fails_or_says_something_else_fails_the_page(self):
        for text in ("$ false", "$ echo a\nb", "$ exit 0\n$ true"):
            with self.subTest(text=text), self.assertRaises(commands.Failed):
                self.run_page(f"```console\n{text}\n```")

    def test_a_failure_that_the_page_announces_is_none(self):
        self.run_page("```console\n$ (exit 7)\n$ echo $?\n7\n```")


class Claims(unittest.TestCase):
    FILES = {
        "README.md": "[page](docs/THREATS.md) `host/a.c`\n",
        "docs/THREATS.md": "| claim | held by | proved by |\n| --- | --- | --- |\n| x | y | `a_test` `test_b` |\n",
        "docs/ARCHITECTURE.md": "# A\n",
        "docs/OPERATIONS.md": "# O\n\n## Log\n\n| `a.failed` | it failed | look |\n| `made` | when |\n",
        "authority/trust/shape.c": '    {"made", MEMBER_TEXT, true},\n',
        "docs/adr/0001-x.md": "# 1. X\n\nContext. a\n\nChoice. b\n\nWhat we gave up. c\n",
        "host/README.md": "`host/a.c`\n",
        "host/a.c": '/* docs/THREATS.md */\nvoid begin(int a)\n{\n    log_event(LOG_WARN, "a.failed", 1);\n}\n',
        "host/api/b.c": 'fail("RUN_GONE");\n',
        "host/cli/codes.def": 'CODE("RUN_GONE", "It is gone.", "-")\n',
        "tests/strangers.md": "".join(f"| {one} | fault | `a_test` |\n" for one in sorted(claims.STRANGERS)),
        "tests/a_test.c": "START_TEST(a_test)\n",
        "tests/b.py": "def test_b(self):\n",
    }
    BREACHES = {
        "threats": ("docs/THREATS.md", "`a_test`", "`gone_test`"),
        "strangers": ("tests/strangers.md", "| 7 | fault | `a_test` |", "| 7 | fault | `gone_test` |"),
        "paths": ("host/README.md", "host/a.c", "host/b.c"),
        "named_in_sources": ("host/a.c", "THREATS", "GONE"),
        "logged": ("host/a.c", "a.failed", "b.failed"),
        "coded": ("host/api/b.c", "RUN_GONE", "RUN_LOST"),
        "entries": ("authority/trust/shape.c", "made", "ended"),
        "decisions": ("docs/adr/0001-x.md", "What we gave up.", "So."),
        "fences": ("docs/OPERATIONS.md", "| `a", "```sh\ntrue\n```\n\n| `a"),
    }

    def found(self, breach=None):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in self.FILES.items():
                path = root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                if breach is not None and breach[0] == name:
                    self.assertIn(breach[1], text)
                    text = text.replace(breach[1], breach[2])
                path.write_text(text)
            return {check.__name__ for check in claims.CHECKS if list(check(root))}

    def test_a_tree_that_keeps_its_word_has_no_breach(self):
        self.assertEqual(self.found(), set())

    def test_a_line_that_nothing_logs_is_found_and_one_that_is_chosen_is_not(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "docs").mkdir()
            (root / "host").mkdir()
            (root / "docs/OPERATIONS.md").write_text(
                "# O\n\n## Log\n\n| `a.x` | it | look |\n| `a.y` | it | look |\n\n<!-- generated: log -->\n"
                "| `a.z` | orchd | warn |\n<!-- end -->\n\n## More\n\n| `b.c` | no event | at all |\n")
            code = 'log_event(LOG_WARN, one ? "a.x"\n    : "a.y", F_STR("k", "v.w"));\nlog_fields(LOG_ERROR, "a.z", fields, 1);'
            (root / "host/a.c").write_text(code)
            self.assertEqual([why for _, _, why in claims.logged(root)], ["the log line 'a.z' is not explained"])
            (root / "host/a.c").write_text(code.replace("a.x", "a.z"))
            self.assertEqual([why for _, _, why in claims.logged(root)],
                             ["nothing logs 'a.x'", "the log line 'a.z' is not explained"])

    def test_a_point_of_the_strangers_without_a_row_is_found(self):
        for row, said in (("", "'43' has no row"), ("| 44 | fault | `a_test` |\n", "'44' has no row"),
                          ("| 43 | fault | none |\n", "no test ''")):
            with self.subTest(row=row), tempfile.TemporaryDirectory() as folder:
                root = pathlib.Path(folder)
                (root / "tests").mkdir()
                (root / "tests/a_test.c").write_text(self.FILES["tests/a_test.c"])
                text = self.FILES["tests/strangers.md"].replace("| 43 | fault | `a_test` |\n", row)
                (root / "tests/strangers.md").write_text(text)
                self.assertIn(said, " ".join(why for _, _, why in claims.strangers(root)))

    def test_each_check_finds_its_breach(self):
        self.assertEqual({check.__name__ for check in claims.CHECKS}, set(self.BREACHES))
        for name, breach in self.BREACHES.items():
            with self.subTest(check=name):
                self.assertEqual(self.found(breach), {name})


class Walk(unittest.TestCase):
    """A walk of every kind of step, and each step cut."""
    FILES = {
        "host/a.c": "static void between(void)\n{\n    last();\n}\nvoid first(void)\n{\n    between();\n}\n",
        "host/b.c": "void last(void)\n{\n    table->run(0);\n    send(MSG_GO, 0);\n    row->handle();\n}\n",
        "host/c.c": "void ran(void)\n{\n}\nconst struct calls all = {.run = ran};\n",
        "host/d.c": "void went(void)\n{\n}\nvoid take(int type)\n{\n    switch (type) {\n    case MSG_GO:\n"
                    "        went();\n    }\n}\nvoid reads(void)\n{\n    take(0);\n}\n",
        "host/e.c": "static void handled(void)\n{\n}\nstatic const struct row rows[] = {{\"x\", handled}};\n",
    }
    ROWS = (
        walk.Row("a start", ["first"], after=walk.START),
        walk.Row("calls", ["last"]),
        walk.Row("through a member", ["ran"], by=(".run",)),
        walk.Row("by a message", ["went"], after="last", by=("MSG_GO",)),
        walk.Row("by a message to a reader below", ["reads"], after="last", by=("MSG_GO",)),
        walk.Row("by a table", ["e.c:handled"], after="last", by=(".handle in e.c:rows",)),
    )
    # file, what stands there, what instead, the rows that are broken
    CUTS = (
        ("host/a.c", "    last();\n", "", {"calls"}),
        ("host/b.c", "table->run(0)", "table->walk(0)", {"through a member"}),
        ("host/c.c", ".run = ran", ".walk = ran", {"through a member"}),
        ("host/b.c", "MSG_GO", "MSG_STAY", {"by a message", "by a message to a reader below"}),
        ("host/d.c", "        went();\n", "", {"by a message"}),
        ("host/d.c", "    take(0);\n", "", {"by a message to a reader below"}),
        ("host/e.c", "handled}", "0}", {"by a table"}),
        ("host/e.c", "void handled", "void other", {"by a table"}),
    )

    def broken(self, cut=None):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in self.FILES.items():
                if cut is not None and cut[0] == name:
                    self.assertIn(cut[1], text)
                    text = text.replace(cut[1], cut[2])
                (root / name).parent.mkdir(exist_ok=True)
                (root / name).write_text(text)
            return {what for what, _ in walk.problems(walk.read(root), self.ROWS)}

    def test_a_walk_that_holds_has_no_problem(self):
        self.assertEqual(self.broken(), set())

    def test_each_step_that_is_cut_is_found(self):
        for cut in self.CUTS:
            with self.subTest(cut=cut):
                self.assertEqual(self.broken(cut), cut[3])


if __name__ == "__main__":
    unittest.main()
