"""The actions of a cell: on which machine, in which state, and what is taken back."""

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest

from harness.guest.facts import BootIdentity
from harness.guest.msi.result import InstallerBusy
from harness.lifecycle import baseline as baseline_module
from harness.lifecycle.timeline import Timeline
from harness.model.errors import GuestFault, GuestUnreachable
from harness.model.profile.installer import GuestFile
from harness.model.report import Outcome, Phase
from harness.residue.snapshot import Snapshot
from tests.unit.cell.stand_ins import INSTALLED, PROFILE, Lab, StandInGuest, a_lab

NOTHING = Snapshot(**{field.name: frozenset() for field in fields(Snapshot)})
FLAGS = "C:\\Program Files\\Agent\\conf\\agent.flags"

FUNCTION = replace(INSTALLED, id="functions.process_start", phase=Phase.FUNCTIONS, module="test_functions")


@pytest.fixture(autouse=True)
def looks(monkeypatch: pytest.MonkeyPatch) -> list[StandInGuest]:
    """The guests that were looked at as clean machines, or for residue."""
    seen: list[StandInGuest] = []

    def look(guest: StandInGuest, *_: object) -> Snapshot:
        seen.append(guest)
        guest.did.append("look")
        return NOTHING

    monkeypatch.setattr(baseline_module, "take_snapshot", look)
    monkeypatch.setattr(baseline_module, "plant_sentinels", lambda *_: None)
    return seen


def lost() -> BootIdentity:
    raise GuestUnreachable("gone")


def elsewhere() -> BootIdentity:
    return BootIdentity("another", datetime.now(UTC))


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    file = GuestFile(path=FLAGS, content="--verbose")
    profile = PROFILE.model_copy(update={"guest_files": (file,)})
    return a_lab(tmp_path, monkeypatch, profile=profile)


def test_a_machine_lost_before_the_installer_is_replaced_and_the_new_one_looked_at(
    lab: Lab, looks: list[StandInGuest]
) -> None:
    timeline = Timeline(lab.session)
    _ = timeline.baseline
    lab.guests[0].boot_now = lost
    _ = timeline.installation
    assert looks == lab.guests  # both, although their boot identities are the same
    assert timeline.baseline.machine_id == "m2"
    assert lab.guests[1].did.count("install") == 1
    assert "install" not in lab.guests[0].did
    assert lab.guests[0].closed
    assert lab.machines[0].ended


def test_machines_lost_one_after_the_other_use_the_attempts_up(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    timeline = Timeline(lab.session)
    _ = timeline.baseline
    monkeypatch.setattr(StandInGuest, "boot", lambda _: lost())
    with pytest.raises(GuestUnreachable):
        _ = timeline.installation
    assert len(lab.machines) == 3
    assert not lab.session.candidate_touched


def test_a_clean_machine_that_reboots_by_itself_is_replaced(lab: Lab) -> None:
    timeline = Timeline(lab.session)
    _ = timeline.baseline
    lab.guests[0].boot_now = elsewhere
    _ = timeline.installation
    assert timeline.baseline.machine_id == "m2"
    assert "rebooted by itself" in lab.session.recorder.attempts[0].message


def test_a_refused_reboot_is_not_expected_any_more(lab: Lab) -> None:
    timeline = Timeline(lab.session)

    def refused() -> BootIdentity:
        raise GuestFault("The guest refused to reboot: exit code 5.")

    _ = lab.session.guest
    lab.guests[0].reboot_now = refused
    with pytest.raises(GuestFault):
        timeline.reboot_now()
    assert lab.session.expected_boots == 1


def test_a_reboot_that_was_made_stays_expected_whatever_came_after(lab: Lab) -> None:
    timeline = Timeline(lab.session)

    def rebooted_and_silent() -> BootIdentity:
        lab.machines[0].boots += 1
        raise GuestUnreachable("silent since")

    _ = lab.session.guest
    lab.guests[0].reboot_now = rebooted_and_silent
    with pytest.raises(GuestUnreachable):
        timeline.reboot_now()
    assert lab.session.expected_boots == 2


def test_files_are_written_for_an_agent_that_is_there_only(lab: Lab) -> None:
    lab.session.guest.msi.code = 1603  # type: ignore[attr-defined]
    assert not Timeline(lab.session).installation.succeeded
    assert not [done for done in lab.guests[0].did if done.startswith("write")]


def end_of(lab: Lab) -> list[str]:
    timeline = Timeline(lab.session)
    _ = timeline.installation
    lab.session.recorder.add(INSTALLED, Outcome.PASSED, "", 0.1)
    _ = timeline.after
    did = lab.guests[0].did
    return did[did.index("uninstall") + 1 :]


@pytest.fixture
def collecting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guests that note what is collected from them, and into which folder."""

    def collect(guest: StandInGuest, paths: Sequence[str], into: Path) -> list[Path]:
        guest.did.append(f"collect {into.name}")
        return []

    monkeypatch.setattr(StandInGuest, "collect", collect)


DIAGNOSTICS = [" ".join(command) for command in PROFILE.diagnostics.values()]


@pytest.mark.usefixtures("collecting")
@pytest.mark.parametrize("failed", [True, False])
def test_the_agent_is_asked_before_the_uninstall_takes_its_logs_and_programs_away(
    lab: Lab, failed: bool
) -> None:
    timeline = Timeline(lab.session)
    _ = timeline.installation
    lab.session.recorder.add(INSTALLED, Outcome.PASSED, "", 0.1)
    if failed:
        lab.session.recorder.add(FUNCTION, Outcome.FAILED, "no event", 0.1)
    did = lab.guests[0].did
    did.clear()
    _ = timeline.uninstallation
    assert did == [*(DIAGNOSTICS if failed else []), "collect logs", "uninstall", "collect uninstall"]
    did.clear()
    lab.session.close()
    assert did == (["collect logs-at-the-end"] if failed else [])


@pytest.mark.usefixtures("collecting")
def test_an_agent_that_is_never_uninstalled_is_asked_at_the_end(lab: Lab) -> None:
    _ = Timeline(lab.session).installation
    lab.session.recorder.add(FUNCTION, Outcome.FAILED, "no event", 0.1)
    did = lab.guests[0].did
    did.clear()
    lab.session.close()
    assert did == [*DIAGNOSTICS, "collect logs"]


def test_what_the_harness_wrote_is_gone_before_residue_is_looked_at(lab: Lab) -> None:
    _ = lab.session.guest
    lab.guests[0].paths.add("C:\\Program Files")
    assert end_of(lab) == [
        f"delete {FLAGS}",
        "rmdir C:\\Program Files\\Agent\\conf",
        "rmdir C:\\Program Files\\Agent",
        "look",
    ]


def test_a_file_that_the_candidate_brought_stays_its_residue(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest = cast("StandInGuest", lab.session.guest)
    install = guest.msi.install

    def brings(*given: object) -> object:
        guest.paths.add(FLAGS)
        return install(*given)

    monkeypatch.setattr(guest.msi, "install", brings)
    assert end_of(lab) == ["look"]


def test_a_candidate_that_never_began_is_not_to_blame_for_what_follows(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> None:
        raise InstallerBusy("another installation is running")

    monkeypatch.setattr(lab.session.guest.msi, "install", busy)
    with pytest.raises(InstallerBusy):
        _ = Timeline(lab.session).installation
    assert not lab.session.candidate_touched
    assert isinstance(lab.session.attribute(InstallerBusy("busy")), InstallerBusy)
