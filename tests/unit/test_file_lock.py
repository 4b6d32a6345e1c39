"""Of two processes one holds the lock; the other waits, says for whom, and gives up with a sentence."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from harness import file_lock
from harness.file_lock import held, held_if_free
from harness.model.deadline import Deadline
from harness.model.errors import DeadlineExceeded, InfrastructureError
from tests.programs import bounded

HOLDER = """
import sys
from pathlib import Path
from harness.file_lock import held
from harness.model.deadline import Deadline
with held(Path(sys.argv[1]), "holds it", Deadline.after(0)):
    print("held", flush=True)
    sys.stdin.read()
"""
Hold = Callable[[], AbstractContextManager["subprocess.Popen[bytes]"]]


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    return tmp_path / "lock"


@pytest.fixture
def hold(lock: Path) -> Hold:
    """Another process that holds the lock."""

    @contextmanager
    def holding() -> Iterator["subprocess.Popen[bytes]"]:
        argv = [sys.executable, "-c", HOLDER, str(lock)]
        with bounded(subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"held\n"
            yield process

    return holding


def test_who_waits_too_long_is_told_who_holds_it_and_what_to_do(lock: Path, hold: Hold) -> None:
    with (
        hold() as other,
        pytest.raises(DeadlineExceeded) as told,
        held(lock, "builds it", Deadline.after(0.05)),
    ):
        pytest.fail("two hold it")
    assert re.fullmatch(
        rf"The end of another process \({other.pid}\) that builds it did not happen within 0\.\d s\. "
        rf"It has held {lock} for \d s; if it hangs, end it with: kill {other.pid}",
        str(told.value),
    )


def test_a_wait_is_told_and_ends_when_the_holder_is_killed(lock: Path, hold: Hold) -> None:
    said: list[str] = []
    with hold() as other:

        def progress(line: str) -> None:
            said.append(line)
            other.send_signal(signal.SIGKILL)

        with held(lock, "builds it", Deadline.after(60), progress):
            assert lock.read_text() == str(os.getpid())
    assert said == [f"waiting for another process ({other.pid}) that builds it"]
    assert lock.read_text() == ""


def test_a_long_wait_is_told_again(lock: Path, hold: Hold, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_lock, "TELL_S", 0.0)
    monkeypatch.setattr(file_lock, "TELL_AGAIN_S", 0.05)
    said: list[str] = []
    with (
        hold() as other,
        pytest.raises(DeadlineExceeded),
        held(lock, "builds it", Deadline.after(0.5), said.append),
    ):
        pass
    assert len(said) > 1
    assert said[1] == f"waiting for another process ({other.pid}) that builds it, for 0 s so far"


def test_what_is_free_is_taken_also_when_no_time_is_left(lock: Path) -> None:
    with held(lock, "builds it", Deadline.after(0)):
        assert lock.read_text() == str(os.getpid())


def test_only_who_asks_whether_it_is_free_does_not_wait(lock: Path, hold: Hold) -> None:
    with hold() as other:
        with held_if_free(lock) as free:
            assert not free
        assert lock.read_text() == str(other.pid)  # who did not get it has taken nothing away
    with held_if_free(lock) as free:
        assert free


def test_of_a_holder_that_wrote_no_id_it_is_said_how_to_find_it(lock: Path, hold: Hold) -> None:
    for unknown in ("", "no number", "0", "-1", "9" * 30, str(2**22 + 1)):
        with hold():
            lock.write_text(unknown)
            with pytest.raises(DeadlineExceeded) as told, held(lock, "builds it", Deadline.after(0)):
                pass
        assert str(told.value) == (
            "The end of another process that builds it did not happen within 0 s. "
            f"See which process holds {lock} with: fuser -v {lock}"
        )


def test_two_threads_of_one_process_are_two(lock: Path) -> None:
    said: list[str] = []
    waiting, entered = threading.Event(), threading.Event()

    def progress(line: str) -> None:
        said.append(line)
        waiting.set()

    def second() -> None:
        with held(lock, "builds it", Deadline.after(60), progress):
            entered.set()

    with held(lock, "builds it", Deadline.after(60)):
        thread = threading.Thread(target=second)
        thread.start()
        assert waiting.wait(30)
        assert not entered.is_set()
    assert entered.wait(30)
    thread.join(30)
    assert said == [f"waiting for another thread of process {os.getpid()} that builds it"]


def test_a_wait_takes_next_to_no_processor(lock: Path, hold: Hold) -> None:
    with hold():
        began = time.thread_time()
        with pytest.raises(DeadlineExceeded), held(lock, "builds it", Deadline.after(1)):
            pass
        assert time.thread_time() - began < 0.2


def test_what_cannot_be_a_lock_is_one_sentence(tmp_path: Path) -> None:
    for path, why in ((tmp_path, "Is a directory"), (tmp_path / "no" / "lock", "No such file or directory")):
        said = rf"^The lock {path} cannot be opened: {why}\.$"
        with pytest.raises(InfrastructureError, match=said), held(path, "builds it", Deadline.after(0)):
            pass
