"""Which Wine templates `bvt clean` takes: never one that a machine stands on, of whatever run."""

import fcntl
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from harness.machines.wine import disused
from harness.machines.wine.disused import USED, note_use
from tests.programs import bounded

NOW = datetime.now(UTC)
CURRENT = "wine-8.0-aaaaaaaaaaaaaaaa"
EARLIER = "wine-8.0-bbbbbbbbbbbbbbbb"


@pytest.fixture
def images(tmp_path: Path) -> Path:
    for name in (CURRENT, EARLIER):
        make(tmp_path, name, days_ago=2)
    return tmp_path


def make(images: Path, name: str, *, days_ago: float) -> Path:
    home = images / "wine" / name
    (home / "prefix" / "drive_c").mkdir(parents=True)
    (home / "prefix" / "system.reg").write_text("WINE REGISTRY Version 2\n")
    at = (NOW - timedelta(days=days_ago)).timestamp()
    os.utime(home, (at, at))
    return home


def found(images: Path, *, current: bool = True) -> dict[str, str]:
    own = images / "wine" / CURRENT if current else None
    return {left.path.name: left.kind for left in disused.disused(images, own, NOW)}


def remove(images: Path) -> list[bool]:
    own = images / "wine" / CURRENT
    return [disused.remove(left, own, NOW) for left in disused.disused(images, own, NOW)]


def test_an_earlier_recipes_template_goes_once_nothing_has_used_it_for_a_day(images: Path) -> None:
    assert found(images) == {EARLIER: "template"}
    assert remove(images) == [True]
    assert [path.name for path in (images / "wine").iterdir() if path.is_dir()] == [CURRENT]
    assert remove(images) == []


def test_a_template_that_another_checkout_used_today_stays(images: Path) -> None:
    left = disused.disused(images, images / "wine" / CURRENT, NOW)
    note_use(images / "wine" / EARLIER)
    assert found(images) == {}
    assert not disused.remove(left[0], images / "wine" / CURRENT, NOW)
    assert (images / "wine" / EARLIER / USED).exists()


def test_without_wine_nobody_knows_which_template_is_the_current_one(images: Path) -> None:
    make(images, f"{CURRENT}.spoiled-17", days_ago=0)
    assert found(images, current=False) == {f"{CURRENT}.spoiled-17": "spoiled template"}


def test_remains_go_however_young_they_are(images: Path) -> None:
    make(images, f"{CURRENT}.spoiled-17", days_ago=0)
    make(images, f"{EARLIER}.removed-17", days_ago=0)
    locked = images / "wine" / f"{CURRENT}.spoiled-17" / "prefix" / "drive_c"
    locked.chmod(0o000)
    assert remove(images) == [True, True, True]
    assert found(images) == {}
    assert (images / "wine" / CURRENT / "prefix" / "system.reg").exists()


def test_what_another_process_removes_meanwhile_is_no_error(
    images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (images / "proof-old").mkdir()

    def vanished(path: Path) -> datetime:
        raise FileNotFoundError(path)

    monkeypatch.setattr(disused, "changed", vanished)
    assert found(images) == {}


def test_a_killed_trial_of_clone_methods_goes_after_an_hour(images: Path) -> None:
    (images / "proof-new").mkdir()
    old = images / "proof-old"
    old.mkdir()
    at = (NOW - timedelta(hours=2)).timestamp()
    os.utime(old, (at, at))
    assert set(found(images)) == {EARLIER, "proof-old"}
    assert remove(images) == [True, True]
    assert not old.exists()


def test_a_template_that_is_being_made_or_removed_by_another_process_stays(images: Path) -> None:
    lock = (images / "wine" / EARLIER).with_suffix(".lock")  # as `ensure_template` names it
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert remove(images) == [False]
    assert remove(images) == [True]


@contextmanager
def overlay_over(template: Path, scratch: Path) -> Iterator[None]:
    """Another process with an overlay over the template in a mount namespace of its own, as a machine has."""
    for part in ("upper", "work", "merged"):
        (scratch / part).mkdir(parents=True)
    data = f"lowerdir={template}/prefix,upperdir={scratch}/upper,workdir={scratch}/work"
    script = f"mount -t overlay overlay -o '{data}' '{scratch}/merged' && echo mounted && read end"
    program = subprocess.Popen(
        ["unshare", "--mount", "sh", "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with bounded(program) as machine:
        assert machine.stdout is not None
        if machine.stdout.readline() != "mounted\n":
            pytest.skip("overlays cannot be mounted here")
        yield


def test_a_template_under_a_running_machine_stays(images: Path, tmp_path: Path) -> None:
    with overlay_over(images / "wine" / EARLIER, tmp_path / "machine"):
        assert found(images) == {}
    assert found(images) == {EARLIER: "template"}


def test_a_machine_that_starts_while_its_template_is_removed_gets_it_back(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It mounted the template before the rename, and was seen only after it."""
    template = images / "wine" / EARLIER
    rename = Path.rename

    def start_meanwhile(path: Path, target: Path) -> Path:
        if path == template:
            machine.__enter__()
        return rename(path, target)

    machine = overlay_over(template, tmp_path / "machine")
    monkeypatch.setattr(Path, "rename", start_meanwhile)
    assert remove(images) == [False]
    assert (template / "prefix" / "system.reg").exists()
    machine.__exit__(None, None, None)


def test_the_remains_of_a_spoiled_template_stay_while_its_machines_run(images: Path, tmp_path: Path) -> None:
    spoiled = make(images, f"{EARLIER}.spoiled-17", days_ago=0)
    with overlay_over(images / "wine" / EARLIER, tmp_path / "machine"):
        assert remove(images) == []
    assert spoiled.exists()
