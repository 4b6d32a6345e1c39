"""Which cells wait for room, told from one process to another."""

import subprocess
import sys
from pathlib import Path

import pytest

from harness.files import write_atomically
from harness.machines.registry import load_provider, plain_pool
from harness.machines.room import MayWait, Resource, RoomWait, telling
from harness.rundir import waits as waits_module
from harness.rundir.waits import Waits
from harness.state import StateDirectory
from tests.programs import bounded

CELL = "win11-24h2/fresh"
MEMORY = RoomWait(lacks=(Resource.MEMORY,), detail="512 MiB are free.")
TOLD_BY_ANOTHER = """
import sys
from pathlib import Path
from harness.machines.room import Resource, RoomWait
from harness.rundir.waits import Waits
Waits(Path(sys.argv[1])).tell("win11-24h2/fresh", RoomWait(lacks=(Resource.MEMORY,), detail="512 MiB are free."))
print("told", flush=True)
sys.stdin.read()
"""


def test_what_one_process_tells_another_reads_until_it_ends(tmp_path: Path) -> None:
    waits = Waits(tmp_path / "waits")
    assert waits.read() == {}
    command = [sys.executable, "-c", TOLD_BY_ANOTHER, str(tmp_path / "waits")]
    with bounded(
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    ) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "told\n"
        assert waits.read() == {CELL: MEMORY}
        worker.kill()
        worker.wait(60)
    assert waits.read() == {}


def test_the_end_of_a_wait_is_told(tmp_path: Path) -> None:
    waits = Waits(tmp_path)
    waits.tell(CELL, None)
    waits.tell(CELL, MEMORY)
    waits.tell(CELL, None)
    assert waits.read() == {}
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_keeps_nobody_from_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(waits_module, "write_atomically", full)
    Waits(tmp_path).tell(CELL, MEMORY)
    assert Waits(tmp_path).read() == {}


def test_what_cannot_be_read_waits_no_longer(tmp_path: Path) -> None:
    write_atomically(tmp_path / "win11-24h2__fresh.json", "{")
    assert Waits(tmp_path).read() == {}


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("time.monotonic", made)
    return made


def test_a_changed_detail_is_told_now_and_then_and_another_lack_at_once(clock: Clock) -> None:
    told: list[RoomWait | None] = []
    more = MEMORY.model_copy(update={"detail": "600 MiB are free."})
    disk = RoomWait(lacks=(Resource.DISK,), detail="The disk is full.")
    with telling(lambda _, wait: told.append(wait), CELL) as tell:
        tell(MEMORY)
        tell(more)
        assert told == [MEMORY]
        clock.now_s += 5
        tell(more)
        tell(disk)
        tell(disk)
    assert told == [MEMORY, more, disk, None]


def test_who_never_waits_tells_nothing_and_who_gives_up_tells_the_end() -> None:
    told: list[RoomWait | None] = []
    with telling(lambda _, wait: told.append(wait), CELL):
        pass
    assert told == []

    def give_up() -> None:
        with telling(lambda _, wait: told.append(wait), CELL) as tell:
            tell(MEMORY)
            raise TimeoutError

    with pytest.raises(TimeoutError):
        give_up()
    assert told == [MEMORY, None]


def test_what_is_lacking_is_said_in_words() -> None:
    assert MEMORY.words == "memory"
    assert RoomWait(lacks=(Resource.CPUS, Resource.DISK), detail="").words == "processors and disk"


def test_only_a_provider_that_has_to_wait_offers_it(tmp_path: Path) -> None:
    offers = {
        name: isinstance(load_provider(plain_pool(name), StateDirectory(tmp_path)), MayWait)
        for name in ("libvirt", "wine")
    }
    assert offers == {"libvirt": True, "wine": False}
