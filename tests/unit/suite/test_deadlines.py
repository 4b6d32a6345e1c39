"""A test whose time is up ends, whatever it waits for, and the others have their turn."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
CONFTEST = """
import tests.deadlines as deadlines

deadlines.GRACE_S = 1.0
pytest_plugins = ["tests.deadlines"]
"""


@dataclass(frozen=True)
class Ended:
    """What a small suite of its own came to."""

    code: int
    out: str
    err: str


@pytest.fixture
def suite(tmp_path: Path) -> "Suite":
    return Suite(tmp_path)


class Suite:
    """Tests in a directory of their own, with two seconds each."""

    def __init__(self, place: Path) -> None:
        self._place = place

    def __call__(self, tests: str, *options: str) -> Ended:
        (self._place / "conftest.py").write_text(CONFTEST)
        (self._place / "test_it.py").write_text(tests)
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--timeout=2", *options, "test_it.py"],
            cwd=self._place,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)


WAITS = """
import subprocess, threading

def test_waits_for_a_program():
    threading.Thread(target=threading.Event().wait, name="idle", daemon=True).start()
    with subprocess.Popen(["sleep", "60"]):
        raise AssertionError("and on its way out it waits again")

def test_waits_for_a_lock():
    threading.Event().wait()

def test_waits_for_nothing():
    pass
"""


@pytest.mark.parametrize("options", [(), ("-n", "1")])
def test_one_that_waits_for_ever_fails_with_what_it_waits_for(suite: Suite, options: tuple[str, ...]) -> None:
    done = suite(WAITS, *options)
    assert "2 failed, 1 passed" in done.out
    assert "The test had 2 s." in done.out
    assert "--- thread idle" in done.out
    assert "sleep 60" in done.out
    assert done.code == 1


FIXTURE = """
import subprocess, threading, pytest

@pytest.fixture
def stuck():
    yield
    try:
        threading.Event().wait()
    finally:
        threading.Event().wait(300)

def test_whose_fixture_does_not_end(stuck):
    raise AssertionError("a failure of its own")

def test_after_it():
    pass
"""


def test_the_end_of_a_fixture_has_no_more_time_than_its_test(suite: Suite) -> None:
    done = suite(FIXTURE)
    assert re.search(r"1 failed, 1 passed,.* 1 error", done.out)
    assert "a failure of its own" in done.out


def test_a_process_that_does_not_come_to_an_end_is_given_up_with_its_last_words(suite: Suite) -> None:
    done = suite("""
import time

def test_that_swallows_everything():
    while True:
        try:
            time.sleep(60)
        except BaseException:
            pass
""")
    assert done.code not in (0, 2)
    assert "test_that_swallows_everything" in done.err
    assert "most recent call first" in done.err
