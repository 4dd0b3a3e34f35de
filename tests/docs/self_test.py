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
            return commands.run_page("X.md", tree, {"PATH": "/usr/bin:/bin"}, pathlib.Path(work), 1)

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
        "docs/ARCHITECTURE.md": "| starts | `begin` | `host/a.c` |\n",
        "docs/OPERATIONS.md": "| `a.failed` | it failed | look |\n",
        "docs/adr/0001-x.md": "# 1. X\n\nContext. a\n\nChoice. b\n\nWhat we gave up. c\n",
        "host/a.c": '/* docs/THREATS.md */\nvoid begin(int a,\n           int b)\n{\n    log_event(LOG_WARN, "a.failed", 1);\n}\n',
        "tests/a_test.c": "START_TEST(a_test)\n",
        "tests/b.py": "def test_b(self):\n",
    }
    BREACHES = {
        "threats": ("docs/THREATS.md", "`a_test`", "`gone_test`"),
        "walk": ("host/a.c", "int b)\n{", "int b);\n{"),
        "paths": ("README.md", "host/a.c", "host/b.c"),
        "named_in_sources": ("host/a.c", "THREATS", "GONE"),
        "logged": ("host/a.c", "a.failed", "b.failed"),
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

    def test_each_check_finds_its_breach(self):
        self.assertEqual({check.__name__ for check in claims.CHECKS}, set(self.BREACHES))
        for name, breach in self.BREACHES.items():
            with self.subTest(check=name):
                self.assertEqual(self.found(breach), {name})


if __name__ == "__main__":
    unittest.main()
