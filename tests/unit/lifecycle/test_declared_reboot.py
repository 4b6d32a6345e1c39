"""A 3010 that the profile declares: the reboot is made at once, and everything that is looked at comes after it."""

from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness.checks.boots import assert_reboot_declared
from harness.guest.facts import BootIdentity
from harness.lifecycle.timeline import Timeline
from harness.model.errors import GuestUnreachable
from harness.model.profile import AgentProfile
from harness.residue.snapshot import Snapshot
from tests.unit.cell.stand_ins import PROFILE, Lab, StandInGuest, a_lab

NOTHING = Snapshot(**{field.name: frozenset() for field in fields(Snapshot)})
WHY = "the network driver is loaded at boot only"


def lab_of(place: Path, monkeypatch: pytest.MonkeyPatch, profile: AgentProfile, code: int) -> Lab:
    monkeypatch.setattr("harness.lifecycle.baseline.take_snapshot", lambda *_: NOTHING)
    monkeypatch.setattr("harness.lifecycle.baseline.plant_sentinels", lambda *_: None)
    lab = a_lab(place, monkeypatch, profile=profile)
    guest = lab.session.guest
    guest.msi.code = code  # type: ignore[attr-defined]

    def rebooted() -> BootIdentity:
        lab.guests[0].did.append("reboot")
        return BootIdentity("next", datetime.now(UTC))

    lab.guests[0].reboot_now = rebooted
    return lab


@pytest.fixture
def declaring() -> AgentProfile:
    installer = PROFILE.installer.model_copy(update={"reboot_after": {"install": WHY}})
    return PROFILE.model_copy(update={"installer": installer})


def did(guest: StandInGuest) -> list[str]:
    return [word for word in guest.did if word in ("install", "reboot")]


def test_a_declared_3010_is_followed_by_the_reboot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, declaring: AgentProfile
) -> None:
    lab = lab_of(tmp_path, monkeypatch, declaring, 3010)
    timeline = Timeline(lab.session)
    result = timeline.installation
    assert did(lab.guests[0]) == ["install", "reboot"]
    assert_reboot_declared(lab.session, timeline, "install", result)
    (excuse,) = lab.session.recorder.excuses
    assert ("3010" in excuse.what, excuse.reason) == (True, WHY)
    assert lab.session.expected_boots == 2


def test_a_3010_that_nobody_declared_is_the_candidates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = lab_of(tmp_path, monkeypatch, PROFILE, 3010)
    timeline = Timeline(lab.session)
    result = timeline.installation
    assert did(lab.guests[0]) == ["install"]
    with pytest.raises(AssertionError, match="ended with 3010: a reboot is needed to finish"):
        assert_reboot_declared(lab.session, timeline, "install", result)


def test_nor_does_the_declaration_cover_a_reboot_that_the_installer_began_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, declaring: AgentProfile
) -> None:
    lab = lab_of(tmp_path, monkeypatch, declaring, 1641)
    timeline = Timeline(lab.session)
    with pytest.raises(AssertionError, match="ended with 1641"):
        assert_reboot_declared(lab.session, timeline, "install", timeline.installation)


def test_a_declared_3010_that_does_not_come_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, declaring: AgentProfile
) -> None:
    lab = lab_of(tmp_path, monkeypatch, declaring, 0)
    timeline = Timeline(lab.session)
    assert_reboot_declared(lab.session, timeline, "install", timeline.installation)
    assert did(lab.guests[0]) == ["install"]
    (excuse,) = lab.session.recorder.excuses
    assert "asked for no reboot" in excuse.what


def test_a_guest_that_does_not_come_back_from_it_is_no_success(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, declaring: AgentProfile
) -> None:
    lab = lab_of(tmp_path, monkeypatch, declaring, 3010)

    def never() -> BootIdentity:
        raise GuestUnreachable("silent since")

    lab.guests[0].reboot_now = never
    with pytest.raises(GuestUnreachable):
        _ = Timeline(lab.session).installation
