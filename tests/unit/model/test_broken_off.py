"""Scenarios whose installer does not come to its end, and machines that are dirty: from the steps alone."""

from typing import Any

import pytest

from harness.checks.catalogue import checks_for
from harness.model.dirt import DIRT, HINDRANCES
from harness.model.matrix import Scenario
from harness.model.report import Phase
from harness.model.steps import (
    Step,
    arrival,
    arrives_by,
    beginning,
    broken_off,
    cannot_be_made,
    dirt_at,
    into,
    judged,
    phases_of,
    prelude,
)
from harness.model.substrate import GuestSystem


def steps(*entries: dict[str, Any]) -> tuple[Step, ...]:
    return Scenario.model_validate({"title": "One", "steps": entries}).whole


MACHINE, INSTALL, LEAVE = {"machine": None}, {"install": "candidate"}, {"uninstall": "candidate"}
FAILED = steps(MACHINE, {"hindered": "install", "by": "obstacle"}, {"residue": None})
CUT_UPGRADE = steps(
    MACHINE,
    {"install": "previous"},
    {"power-cut": "upgrade", "at": "file"},
    {"upgrade": "candidate"},
    LEAVE,
)
CUT_LEAVING = steps(MACHINE, INSTALL, {"power-cut": "uninstall", "at": 0.5}, LEAVE)


def test_a_failed_installation_alone_is_judged_and_nothing_comes_before_it() -> None:
    assert (prelude(FAILED), arrival(FAILED), beginning(FAILED)) == ((), 3, 1)
    assert phases_of(FAILED) == (Phase.MACHINE, Phase.HINDERED, Phase.RESIDUE)
    assert arrives_by(FAILED) is Phase.INSTALL
    assert "hindered.exit_code" in checks_for(FAILED)
    assert not [check for check in checks_for(FAILED) if check.startswith("install.")]


def test_a_power_cut_has_no_checks_and_no_phase_of_its_own() -> None:
    assert phases_of(CUT_UPGRADE) == (Phase.MACHINE, Phase.UPGRADE, Phase.UNINSTALL)
    assert [str(step) for step in prelude(CUT_UPGRADE)] == ["install previous"]
    assert [str(step) for step in judged(CUT_UPGRADE)][1] == "power-cut upgrade"
    assert not [check for check in checks_for(CUT_UPGRADE) if check.startswith("power-cut.")]
    assert arrives_by(CUT_UPGRADE) is Phase.UPGRADE


def test_what_breaks_an_uninstall_off_makes_no_claim_by_itself() -> None:
    hindered = steps(MACHINE, INSTALL, {"hindered": "uninstall", "by": "property"}, LEAVE)
    for scenario in (CUT_LEAVING, hindered):
        assert phases_of(scenario) == (Phase.MACHINE, Phase.INSTALL, Phase.UNINSTALL)
        assert "hindered.exit_code" not in checks_for(scenario)
    broken = broken_off(CUT_LEAVING)
    assert broken is not None
    assert (broken.work, broken.at) == (Phase.UNINSTALL, "0.5")


def test_a_failed_upgrade_was_to_come_by_an_upgrade() -> None:
    failed = steps(MACHINE, {"install": "previous"}, {"hindered": "upgrade", "by": "obstacle"})
    assert arrives_by(failed) is Phase.UPGRADE
    assert [str(step) for step in prelude(failed)] == ["install previous"]


def test_dirt_stands_at_its_step_and_the_folder_at_the_installation() -> None:
    scenario = steps(
        {"machine": None, "dirt": ["leftovers", "code-page"]},
        INSTALL | {"into": "C:\\Büro Süd\\Agent"},
        LEAVE | {"dirt": ["missing-package"]},
    )
    assert dirt_at(scenario, Phase.MACHINE) == ("leftovers", "code-page")
    assert dirt_at(scenario, Phase.UNINSTALL) == ("missing-package",)
    assert dirt_at(scenario, Phase.INSTALL) == ()
    assert into(scenario) == "C:\\Büro Süd\\Agent"
    assert into(CUT_LEAVING) == ""


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        (FAILED, ""),
        (CUT_LEAVING, ""),
        (steps({"machine": None, "dirt": ["clock-ahead"]}, INSTALL), "its host's clock"),
        (steps(MACHINE, {"hindered": "install", "by": "full-disk"}), "is not there to be filled"),
        (steps(MACHINE, INSTALL | {"dirt": ["another-installation"]}), "never waits"),
        (
            steps(MACHINE, {"install": "previous"}, {"hindered": "upgrade", "by": "obstacle"}),
            "never restores",
        ),
    ],
)
def test_what_wine_cannot_play_is_said_and_windows_can(scenario: tuple[Step, ...], words: str) -> None:
    said = cannot_be_made(scenario, GuestSystem.WINE)
    assert (words in said) if words else not said
    assert cannot_be_made(scenario, GuestSystem.WINDOWS) == ""


def test_all_that_a_step_can_name_stands_at_some_step() -> None:
    assert all(dirt.at for dirt in (*DIRT.values(), *HINDRANCES.values()))


def test_a_plan_on_disk_reads_back_as_it_was() -> None:
    for step in (*CUT_UPGRADE, *CUT_LEAVING, *FAILED):
        assert Step.model_validate_json(step.model_dump_json()) == step


def test_a_property_fails_an_uninstall_on_wine_and_an_installation_only_on_windows() -> None:
    by = {"by": "property"}
    assert (
        cannot_be_made(steps(MACHINE, INSTALL, {"hindered": "uninstall"} | by, LEAVE), GuestSystem.WINE) == ""
    )
    installing = steps(MACHINE, {"hindered": "install"} | by)
    assert "runs no rollback action" in cannot_be_made(installing, GuestSystem.WINE)
