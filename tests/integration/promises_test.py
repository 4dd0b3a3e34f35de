#!/usr/bin/env python3
"""Plants each way in which README.md and the tests may lose each other, and wants it found."""
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import promises  # noqa: E402

FILES = {
    "README.md": "| promise | test |\n| --- | --- |\n| One is kept. | `tests/integration/test_one.py` |\n"
                 "| Two too. | `tests/integration/test_two.py` |\n",
    "tests/integration/test_one.py": '"""One is kept.\n\nMore.\n"""\n@pytest.mark.slow\n',
    "tests/integration/test_two.py": '"""Two too."""\n',
    "tests/integration/CMakeLists.txt": "foreach(test IN ITEMS one\n        two)\n    integration_test(\n"
                                        "foreach(test IN ITEMS one)\n    integration_test(\n"
                                        "foreach(test IN ITEMS two)\n    set_tests_properties(\n",
}
BREACHES = {
    "a promise without its file": ("README.md", "test_two.py", "test_three.py", "there is no"),
    "a promise in other words": ("README.md", "Two too.", "Two as well.", "does not begin with its promise"),
    "a file in other words": ("tests/integration/test_one.py", "One is", "One was", "does not begin with its promise"),
    "a file without its promise": ("README.md", "| Two too. | `tests/integration/test_two.py` |\n", "", "no promise"),
    "one file for two promises": ("README.md", "test_two.py", "test_one.py", "stands in line 3 already"),
    "a promise made twice": ("README.md", "Two too.", "One is kept.", "stands in line 3 already"),
    "no promise at all": ("README.md", "integration/", "other/", "promises nothing"),
    "a file that ctest does not know": ("tests/integration/CMakeLists.txt", "        two", "", "is no test of ctest"),
    "a test without its file": ("tests/integration/CMakeLists.txt", "        two", "two six", "there is no test_six"),
    "slow cases that are not run": ("tests/integration/CMakeLists.txt", "ITEMS one)", "ITEMS two)", "slow cases"),
}


class Promises(unittest.TestCase):
    def found(self, file=None, old=None, new=None):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in FILES.items():
                self.assertTrue(name != file or old in text)
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text.replace(old, new) if name == file else text)
            return [reason for _, _, reason in promises.breaches(root)]

    def test_a_tree_that_keeps_its_word_has_no_breach(self):
        self.assertEqual(self.found(), [])

    def test_each_breach_is_found(self):
        for what, (file, old, new, said) in BREACHES.items():
            with self.subTest(what):
                self.assertTrue(any(said in reason for reason in self.found(file, old, new)))


if __name__ == "__main__":
    unittest.main()
