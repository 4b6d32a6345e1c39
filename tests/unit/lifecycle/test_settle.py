"""What is cleaned up after the uninstall: looked at until it is done, within the declared time, and once more later."""

from dataclasses import fields, replace
from pathlib import Path

import pytest

from harness.lifecycle import baseline
from harness.lifecycle import settling as settling_module
from harness.lifecycle.timeline import Timeline
from harness.model.profile import AgentProfile
from harness.model.profile.places import Keep
from harness.model.report import Outcome
from harness.residue.snapshot import Snapshot
from tests.unit.cell.stand_ins import INSTALLED, PROFILE, Lab, a_lab

NOTHING = Snapshot(**{field.name: frozenset() for field in fields(Snapshot)})
LOG = "c:\\programdata\\bvt\\referenceagent\\agent.log"
LEFT = replace(NOTHING, files=frozenset({LOG}))


def settling(seconds: float, place: Path, monkeypatch: pytest.MonkeyPatch, *looks: Snapshot) -> Timeline:
    """A cell whose machine is looked at: clean before the candidate, then as `looks` say; the last one stays."""
    seen = [NOTHING, *looks]
    monkeypatch.setattr(baseline, "take_snapshot", lambda *_: seen.pop(0) if len(seen) > 1 else seen[0])
    monkeypatch.setattr(baseline, "plant_sentinels", lambda *_: None)
    monkeypatch.setattr(settling_module, "LOOK_AGAIN_S", 0.01)
    lab: Lab = a_lab(place, monkeypatch, profile=PROFILE.model_copy(update={"settle_s": seconds}))
    timeline = Timeline(lab.session)
    _ = timeline.installation
    lab.session.recorder.add(INSTALLED, Outcome.PASSED, "", 0.1)
    return timeline


def test_without_a_settle_time_there_is_one_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert settling(0, tmp_path, monkeypatch, LEFT, NOTHING).after.files == {LOG}


def test_what_is_gone_within_it_is_not_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert settling(30, tmp_path, monkeypatch, LEFT, LEFT, NOTHING).after.files == frozenset()


def test_what_is_there_at_its_end_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert settling(0.1, tmp_path, monkeypatch, LEFT).after.files == {LOG}


def test_what_may_stay_is_not_waited_for() -> None:
    keep = Keep(kind="file", path=LOG, reason="support reads it afterwards")
    keeping: AgentProfile = PROFILE.model_copy(update={"keeps": (keep,)})
    assert NOTHING.left_in(LEFT, PROFILE)
    assert not NOTHING.left_in(LEFT, keeping)
    assert not LEFT.left_in(LEFT, PROFILE)
