"""A wall clock that a test sets, of one host alone: faults/clock.c."""
import struct

from host import BUILD, SANITIZED


class Clock:
    """The wall clock of one host, set forward and back."""

    def __init__(self, host, file):
        file.write_bytes(bytes(8))
        self.file = file
        host.environment |= {"LD_PRELOAD": str(BUILD / "tests/integration/libclock_faults.so"),
                             "ORCH_TEST_CLOCK": str(file)} | SANITIZED

    def ahead(self, seconds):
        with open(self.file, "r+b") as f:
            f.write(struct.pack("=q", seconds))
