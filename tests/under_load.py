"""`./dev test --under-load`: the suite, again and again, while other work keeps the machine busy.

Four processes that compute and one that writes to the disk take turns with the tests on every core. What passes here
passes on a shared CI runner, too. The load ends with this program, however that ends, and after `LONGEST_S` by itself.
"""

import argparse
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from harness.plugin.lifeline import end_with_controller

TIMES = 3
BUSY = 4
LONGEST_S = 2 * 3600
"""Of one run of the suite: eight times what it takes on an idle machine."""
CHUNK = bytes(1 << 20)
FILE_CHUNKS = 256


def main(arguments: Sequence[str]) -> int:
    """Run pytest with the arguments that are not this program's own; the exit code of the first run that fails."""
    parser = argparse.ArgumentParser(
        prog="./dev test --under-load", allow_abbrev=False, description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--times", type=int, default=TIMES, help="how often in a row (%(default)s)")
    own, given = parser.parse_known_args(arguments)
    for number in range(1, own.times + 1):
        began = time.monotonic()
        with load():
            code = run_tests(given)
        say(
            f"run {number} of {own.times} under load: exit code {code} after {time.monotonic() - began:.0f} s"
        )
        if code:
            return code
    return 0


@contextmanager
def load() -> Iterator[list[int]]:
    """Keep the machine busy meanwhile; the processes that do."""
    fork = multiprocessing.get_context("fork")
    workers = [
        fork.Process(target=work, args=(os.getpid(),), daemon=True) for work in [compute] * BUSY + [write]
    ]
    try:
        for worker in workers:
            worker.start()
        yield [worker.pid for worker in workers if worker.pid]
    finally:
        for worker in workers:
            if worker.pid:
                worker.kill()
                worker.join(60)


def run_tests(arguments: Sequence[str]) -> int:
    """One run of pytest; it is asked to end, and then killed, if it lasts too long."""
    program = subprocess.Popen([sys.executable, "-m", "pytest", *arguments])
    try:
        return program.wait(LONGEST_S)
    except subprocess.TimeoutExpired:
        say(f"the tests did not end within {LONGEST_S} s")
        program.send_signal(signal.SIGINT)
        try:
            return program.wait(120) or 1
        except subprocess.TimeoutExpired:
            return 1
    finally:
        program.kill()
        program.wait(60)


def compute(parent: int) -> None:
    """Take all that a core gives."""
    _end_in_time(parent)
    while True:
        pass


def write(parent: int) -> None:
    """Fill a file and the disk's queue, over and over. The file has no name, so it goes with the process."""
    _end_in_time(parent)
    with tempfile.TemporaryFile() as file:
        while True:
            file.seek(0)
            for _ in range(FILE_CHUNKS):
                file.write(CHUNK)
            file.flush()
            os.fsync(file.fileno())


def _end_in_time(parent: int) -> None:
    end_with_controller()
    if os.getppid() != parent:
        sys.exit()  # it ended before this process was tied to it
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)
    signal.alarm(LONGEST_S)


def say(words: str) -> None:
    sys.stderr.write(f"under load: {words}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
