"""What `bvt clean` finds and removes, as data: machines of dead runs, leftovers of providers, stray records."""

import json
import os
import subprocess
import time
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from harness.files import write_atomically
from harness.machines import cleaning
from harness.machines import kept as kept_machines
from harness.machines.cleaning import Cleaned, Outcome, clean
from harness.machines.disused import Disused, remove_aside, size_on_disk
from harness.machines.intent import Intent, IntentFile, Owner
from harness.machines.provider import KeptMachine
from harness.machines.registry import plain_pool
from harness.machines.wine.provider import WineProvider
from harness.model.errors import InfrastructureError
from harness.model.machine import WinRMAccess
from harness.state import StateDirectory
from tests.programs import bounded


@pytest.fixture
def state(tmp_path: Path) -> StateDirectory:
    return StateDirectory(tmp_path)


def orphan(state: StateDirectory, *, kept_on_purpose: bool = False) -> Path:
    with bounded(subprocess.Popen(["true"])) as ended:
        owner = Owner.of(ended.pid)
    directory = state.machines / "bvt-orphan"
    directory.mkdir()
    (directory / "file").touch()
    intent = Intent(
        machine_id="bvt-orphan",
        provider="wine",
        run_id="r",
        owner=owner,
        kept=kept_on_purpose,
        created=datetime.now(UTC),
        resources={"directory": str(directory), "prefix": str(directory / "prefix")},
    )
    IntentFile(state.intents, intent)
    return directory


def only(done: Sequence[Cleaned]) -> Cleaned:
    assert len(done) == 1, done
    return done[0]


def test_a_directory_whose_intent_somebody_deleted_is_found_and_removed(state: StateDirectory) -> None:
    directory = orphan(state)
    (state.intents / "bvt-orphan.json").unlink()
    found = only(clean(state, dry_run=True))
    assert (found.kind, found.name, found.outcome) == ("machine directory", str(directory), Outcome.FOUND)
    assert only(clean(state)).outcome is Outcome.REMOVED
    assert not directory.exists()
    assert clean(state) == []


def test_such_a_directory_stays_while_a_program_of_the_machine_runs(state: StateDirectory) -> None:
    directory = orphan(state)
    (state.intents / "bvt-orphan.json").unlink()
    environment = {"PATH": os.environ["PATH"], "WINEPREFIX": str(directory / "prefix")}
    with bounded(subprocess.Popen(["sleep", "60"], env=environment)) as program:
        assert only(clean(state)).outcome is Outcome.NEEDED
        assert directory.exists()
        program.kill()


def test_clean_removes_what_a_dead_owner_left_and_says_so(state: StateDirectory) -> None:
    directory = orphan(state)
    item = only(clean(state))
    assert (item.kind, item.name, item.outcome) == ("machine", "bvt-orphan", Outcome.REMOVED)
    assert item.removed == (f"directory {directory}",)
    assert not directory.exists()
    assert list(state.intents.iterdir()) == []
    assert clean(state) == []


def test_a_dry_run_finds_the_same_and_removes_nothing(state: StateDirectory) -> None:
    directory = orphan(state)
    item = only(clean(state, dry_run=True))
    assert (item.name, item.outcome, item.reason) == ("bvt-orphan", Outcome.FOUND, "its run is gone")
    assert directory.exists()
    assert only(clean(state)).name == item.name


def test_clean_leaves_kept_machines_and_live_runs_alone_unless_told(state: StateDirectory) -> None:
    directory = orphan(state, kept_on_purpose=True)
    IntentFile.begin(state.intents, provider="wine", run_id="live", machine_id="bvt-live")
    assert clean(state) == []
    assert directory.exists()
    assert only(clean(state, kept=True)).outcome is Outcome.REMOVED
    assert not directory.exists()
    assert (state.intents / "bvt-live.json").exists()
    live = only(clean(state, live=True))
    assert (live.name, live.outcome) == ("bvt-live", Outcome.ABSENT)


def test_an_intent_of_an_unknown_provider_does_not_stop_the_others(state: StateDirectory) -> None:
    directory = orphan(state)
    document = json.loads((state.intents / "bvt-orphan.json").read_text())
    (state.intents / "bvt-another.json").write_text(
        json.dumps(document | {"machine_id": "bvt-another", "provider": "gone"})
    )
    outcomes = {item.name: item for item in clean(state)}
    assert outcomes["bvt-another"].outcome is Outcome.NOT_REMOVED
    assert "no machine provider 'gone'" in outcomes["bvt-another"].error
    assert outcomes["bvt-orphan"].outcome is Outcome.REMOVED
    assert not directory.exists()


def test_what_providers_keep_goes_without_any_intent(state: StateDirectory) -> None:
    wine = state.images / "wine" / "wine-8.0-0000000000000000.spoiled-17" / "prefix"
    lab = state.part("templates", "win", "0123456789abcdef.removed-17")
    wine.mkdir(parents=True)
    (lab / "ram").write_bytes(b"ram" * 4096)
    found = clean(state, dry_run=True)
    assert {(item.provider, item.kind, item.outcome) for item in found} == {
        ("wine", "spoiled template", Outcome.FOUND),
        ("libvirt", "template", Outcome.FOUND),
    }
    assert next(item.size for item in found if item.provider == "libvirt") >= 3 * 4096
    assert {item.outcome for item in clean(state)} == {Outcome.REMOVED}
    assert not wine.exists()
    assert not lab.exists()
    assert clean(state) == []


def test_storage_that_only_a_pool_names_is_looked_at_with_that_pool(
    state: StateDirectory, tmp_path_factory: pytest.TempPathFactory
) -> None:
    storage = tmp_path_factory.mktemp("storage")
    left = storage / "templates" / "win" / "0123456789abcdef.removed-17"
    left.mkdir(parents=True)
    assert clean(state) == []
    pool = plain_pool("libvirt").model_copy(update={"options": {"storage": str(storage)}})
    assert only(clean(state, pools=[pool, pool])).outcome is Outcome.REMOVED
    assert not left.exists()


def test_a_provider_that_cannot_look_does_not_stop_the_others(
    state: StateDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_provider: WineProvider, _without: Collection[str] = ()) -> Sequence[Disused]:
        raise InfrastructureError("The disk is broken.")

    monkeypatch.setattr(WineProvider, "disused", broken)
    lab = state.part("templates", "win", "0123456789abcdef.removed-17")
    outcomes = {item.provider: item for item in clean(state)}
    assert (outcomes["wine"].outcome, outcomes["wine"].error) == (Outcome.NOT_REMOVED, "The disk is broken.")
    assert outcomes["libvirt"].outcome is Outcome.REMOVED
    assert not lab.exists()


def test_a_file_that_is_being_written_stays_and_one_of_a_killed_writer_goes(
    state: StateDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """The writer ends between writing and renaming, and cleans nothing up."""

    def die(*_: object) -> None:
        raise Killed

    for directory in (state.intents, state.kept):
        with monkeypatch.context() as death:
            death.setattr(Path, "replace", die)
            death.setattr(Path, "unlink", lambda *_, **__: None)
            with pytest.raises(Killed):
                write_atomically(directory / "bvt-1.json", "{}")
    (young,), (old,) = state.intents.iterdir(), state.kept.iterdir()
    os.utime(old, (time.time() - 7200,) * 2)
    assert only(clean(state)).name == str(old)
    assert young.exists()
    assert not old.exists()


def test_a_way_to_a_kept_machine_goes_with_the_machine(state: StateDirectory) -> None:
    access = WinRMAccess(host="127.0.0.1", port=5986, username="bvt", password=SecretStr("hush"))
    for name in ("bvt-gone", "bvt-orphan"):
        kept_machines.store(
            state,
            KeptMachine(machine_id=name, cell_id="a/b", run_id="r", provider="wine", access=access),
        )
    orphan(state, kept_on_purpose=True)
    assert only(clean(state)).name == str(state.kept / "bvt-gone.json")
    assert (state.kept / "bvt-orphan.json").exists()


@pytest.mark.parametrize("dry_run", [False, True])
def test_an_intent_that_cannot_be_read_is_named_and_never_removed(
    state: StateDirectory, dry_run: bool
) -> None:
    path = state.intents / "bvt-1.json"
    path.write_text("{")
    item = only(clean(state, kept=True, live=True, dry_run=dry_run))
    assert (item.name, item.outcome) == (str(path), Outcome.NOT_REMOVED)
    assert item.error == (
        f"{path} is not an intent: this is not valid JSON: EOF while parsing an object at line 1 column 1. "
        "What it names may still exist: remove that, then delete the file."
    )
    assert path.exists()


def test_the_end_of_a_run_removes_its_machines_and_no_others(state: StateDirectory) -> None:
    orphan(state)
    IntentFile.begin(state.intents, provider="wine", run_id="other", machine_id="bvt-other")
    assert only(cleaning.reclaim_run(state, "r")).name == "bvt-orphan"
    assert [path.stem for path in state.intents.iterdir()] == ["bvt-other"]


def test_what_is_needed_again_goes_back_to_its_place(tmp_path: Path) -> None:
    directory = tmp_path / "template"
    directory.mkdir()
    assert not remove_aside(directory, unneeded=lambda _: False, remove=Path.rmdir)
    assert directory.exists()
    assert remove_aside(directory, unneeded=lambda _: True, remove=Path.rmdir)
    assert remove_aside(directory, unneeded=lambda _: True, remove=Path.rmdir)  # another was quicker
    assert list(tmp_path.iterdir()) == []


def test_the_size_of_what_vanishes_is_nothing(tmp_path: Path) -> None:
    assert size_on_disk(tmp_path / "gone") == 0
