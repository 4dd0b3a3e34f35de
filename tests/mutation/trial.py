"""Compiles one changed source, links a room's test programs with it and runs them until the first test
fails. The object goes before the libraries, so that the library's own is not taken. All that is made is in
a temporary folder, and what it is made of is copied there: tree and build folder may change meanwhile."""
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile
import threading
import time

PATIENCE = 6  # times as long as the unchanged case took
# Of a change that makes a loop endless. A sanitizer maps more than it uses.
FILE_LIMIT, MEMORY_LIMIT = f"--fsize={1 << 30}", f"--data={4 << 30}"


class Broken(Exception):
    """The unchanged tests do not pass: nothing can be said of changed ones."""


class Bench:
    def __init__(self, root, build, rooms, grace=20):
        """rooms: name -> (test programs, programs that these start), as paths in build."""
        self.rooms, self.grace = rooms, grace
        self.compiles = {c["file"]: c["command"] for c in json.loads((build / "compile_commands.json").read_text())}
        programs = [p for pair in rooms.values() for some in pair for p in some]
        subprocess.run(["ninja", "-C", build, *programs], check=True, capture_output=True)
        self.links = {p: output_of(["ninja", "-t", "commands", "-s", p], build) for p in programs}
        sanitized = any("-fsanitize" in link for link in self.links.values())
        self.limits = ["prlimit", FILE_LIMIT] + ([] if sanitized else [MEMORY_LIMIT])
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mutate-"))
        self.copies = self.folder / "build"
        for part in {part for link in self.links.values() for part in shlex.split(link)}:
            if (build / part).is_file() and not pathlib.Path(part).is_absolute() and part not in programs:
                (self.copies / part).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(build / part, self.copies / part)
        self.cases = {room: {(test, case): 0.0 for test in tests for case in cases_of(root, test)}
                      for room, (tests, _) in rooms.items()}  # to the seconds that they take
        self.last = {}  # file -> the case that noticed its last change

    def __enter__(self):
        try:
            for room in self.rooms:
                self.try_unchanged(room)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    def slot(self):
        return tempfile.TemporaryDirectory(dir=self.folder, ignore_cleanup_errors=True)

    def try_unchanged(self, room):
        with self.slot() as slot:
            made = self.link(room, pathlib.Path(slot), None)
            for key in self.cases[room]:
                begin = time.monotonic()
                end = self.run_case(made, key, pathlib.Path(slot), 3600)
                if end is not None:
                    raise Broken(f"{room}: {end}")
                self.cases[room][key] = time.monotonic() - begin

    def judge(self, room, path, text):
        """(end, the test that noticed). The quick cases first, and before them the one that noticed last."""
        with self.slot() as slot:
            slot = pathlib.Path(slot)
            mutant = slot / "mutant.o"
            (slot / path.name).write_text(text)
            try:
                self.compile(path, slot / path.name, mutant)
                made = self.link(room, slot, mutant)
            except subprocess.CalledProcessError:
                return "unbuilt", ""
            for key, seconds in sorted(self.cases[room].items(), key=lambda c: (c[0] != self.last.get(path), c[1])):
                end = self.run_case(made, key, slot, seconds * PATIENCE + self.grace)
                if end is not None:
                    self.last[path] = key
                    return end
        return "survived", ""

    def compile(self, path, changed, mutant):
        command = shlex.split(self.compiles[str(path)])
        command[command.index("-o") + 1] = str(mutant)
        command[command.index("-c") + 1] = str(changed)
        output_of([*command, "-Wno-parentheses"], self.copies)

    def link(self, room, slot, mutant):
        """{program: the one that was linked with the mutant}."""
        made = {}
        for program in (p for some in self.rooms[room] for p in some):
            made[program] = slot / pathlib.Path(program).name
            output = f"{mutant or ''} -o {made[program]} "
            output_of(["sh", "-c", self.links[program].replace(f"-o {program} ", output)], self.copies)
        return made

    def run_case(self, made, key, slot, seconds):
        """None, or (end, test). Check writes a line of TAP for each test once it ended: the first "not ok" is
        enough."""
        program, case = made[key[0]], key[1]
        env = {**os.environ, "CK_TAP_LOG_FILE_NAME": "-", "CK_RUN_CASE": case, "TMPDIR": str(slot)}
        env |= {p.name.upper().replace("-", "_") + "_PROGRAM": str(p) for p in made.values()}
        done = subprocess.Popen([*self.limits, program], cwd=slot, env=env, stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, text=True, errors="replace", start_new_session=True)
        late = threading.Event()
        clock = threading.Timer(seconds, lambda: (late.set(), stop(done)))
        clock.start()
        try:
            for line in done.stdout:
                if line.startswith("not ok"):
                    test = line.split(" - ", 1)[1].strip()
                    return ("timeout" if "Test timeout expired" in test else "died"), test
            status = done.wait()
            if late.is_set():
                return "timeout", case
            return None if status == 0 else ("died", f"{case}: {status}")
        finally:
            clock.cancel()
            stop(done)
            done.stdout.close()


def output_of(command, folder):
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def cases_of(root, test):
    """The names of the program's test cases; one name may be another program's, which then runs none."""
    sources = sorted((root / test).parent.rglob("*.c"))
    return sorted({case for f in sources for case in re.findall(r'tcase_create\("([^"]+)"\)', f.read_text())})


def stop(process):
    """Check's own handler takes the test's group along."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
