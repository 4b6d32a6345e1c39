"""Directories of lab machines whose intents are gone: found and removed, and only those."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.cli.doctor import left_over_findings
from harness.machines.cleaning import Cleaned, Outcome, clean
from harness.machines.directories import NOTE, note, users
from harness.machines.intent import IntentFile
from harness.machines.libvirt.host.host import Host
from harness.model.matrix import Pool
from harness.model.substrate import Substrate
from harness.state import StateDirectory
from tests.programs import bounded

NAME = "bvt-0123456789"
Make = Callable[..., Path]


@pytest.fixture
def state(tmp_path: Path) -> StateDirectory:
    return StateDirectory(tmp_path / "state")


@pytest.fixture
def pool(tmp_path: Path) -> Pool:
    """Has its storage elsewhere."""
    options = {"storage": str(tmp_path / "storage")}
    return Pool(provider="libvirt", substrates=(Substrate.TCG,), options=options)


@pytest.fixture
def make(tmp_path: Path, state: StateDirectory) -> Make:
    """A machine's directory, as `_create_on` and what follows make it."""

    def directory(name: str = NAME, root: Path = tmp_path / "storage", owner: StateDirectory = state) -> Path:
        path = root / "machines" / name
        path.mkdir(parents=True)
        note(path, "libvirt", owner.intents / f"{name}.json")
        (path / "disk.qcow2").write_bytes(b"disk")
        return path

    return directory


def only(done: list[Cleaned]) -> Cleaned:
    assert len(done) == 1, done
    return done[0]


def test_a_directory_without_its_intent_is_found_and_removed(
    state: StateDirectory, pool: Pool, make: Make
) -> None:
    for root in (pool.options["storage"], state.root):
        path = make(root=Path(str(root)))
        found = only(clean(state, pools=[pool], dry_run=True))
        assert (found.kind, found.name, found.outcome) == ("machine directory", str(path), Outcome.FOUND)
        assert found.reason == "no intent names it, so that nobody else removes it"
        counted = left_over_findings([found], str(state.root))
        assert [finding.ok for finding in counted] == [True, False]  # the doctor's
        assert path.exists()
        assert only(clean(state, pools=[pool])).outcome is Outcome.REMOVED
        assert not path.exists()
    assert clean(state, pools=[pool]) == []


def test_what_is_or_may_be_somebody_s_stays(
    state: StateDirectory, pool: Pool, make: Make, tmp_path: Path
) -> None:
    other = StateDirectory(tmp_path / "other")
    for owner in (state, other):
        intent = IntentFile.begin(owner.intents, provider="libvirt", run_id="r")
        make(intent.intent.machine_id, owner=owner)
    damaged, anothers = make("bvt-1111111111"), make("bvt-2222222222")
    (damaged / NOTE).write_text("{")
    (anothers / NOTE).write_text((anothers / NOTE).read_text().replace('"host":"', '"host":"not-'))
    (tmp_path / "storage" / "machines" / "bvt-backup").mkdir()
    assert clean(state, pools=[pool]) == []


def test_a_directory_stays_while_somebody_uses_it(state: StateDirectory, pool: Pool, make: Make) -> None:
    path = make()
    with (path / "disk.qcow2").open() as disk, bounded(subprocess.Popen(["sleep", "60"], stdin=disk)) as user:
        assert list(users(path)) == [user.pid]
        assert only(clean(state, pools=[pool], dry_run=True)).reason.endswith(f"; process {user.pid} uses it")
        assert only(clean(state, pools=[pool])).outcome is Outcome.NEEDED
        user.kill()
    assert only(clean(state, pools=[pool])).outcome is Outcome.REMOVED


def test_its_domain_is_ended_first(
    state: StateDirectory, pool: Pool, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make()
    argv = [sys.executable, "-c", "import time; time.sleep(60)", "-name", f"guest={NAME},debug-threads=on"]
    destroyed: list[str] = []
    with bounded(subprocess.Popen([*argv, str(path / "disk.qcow2")])) as qemu:

        def destroy(_host: Host, name: str) -> bool:
            destroyed.append(name)
            os.kill(qemu.pid, signal.SIGKILL)
            qemu.wait(10)
            return True

        monkeypatch.setattr(Host, "destroy", destroy)
        assert only(clean(state, pools=[pool])).outcome is Outcome.REMOVED
    assert destroyed == [NAME]
    assert not path.exists()
