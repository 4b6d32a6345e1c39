"""From the steps of a scenario: what comes before the candidate, what is judged, and in which order."""

import pytest
from pydantic import ValidationError

from harness.checks.catalogue import catalogue, checks_for
from harness.model.matrix import Scenario
from harness.model.release import ReleaseName
from harness.model.report import Phase
from harness.model.steps import Step, judged, phases_of, prelude, releases_of, steps_of

UPGRADE = Scenario.model_validate(
    {
        "title": "Upgrade",
        "steps": [
            {"machine": None},
            {"install": "previous", "expect": "installed(previous)"},
            {"functions": None},
            {"upgrade": "candidate", "expect": "installed(candidate)", "keeps": ["identity"]},
            {"functions": None},
            {"uninstall": "candidate"},
        ],
    }
).whole


def test_what_is_done_with_an_earlier_release_is_no_claim_about_the_candidate() -> None:
    assert [str(step) for step in prelude(UPGRADE)] == ["install previous", "functions"]
    assert phases_of(UPGRADE) == (Phase.MACHINE, Phase.UPGRADE, Phase.FUNCTIONS, Phase.UNINSTALL)
    assert releases_of(UPGRADE) == (ReleaseName.PREVIOUS,)


def test_equal_steps_before_and_after_the_candidate_are_told_apart() -> None:
    assert [step.action for step in judged(UPGRADE)].count(Phase.FUNCTIONS) == 1
    assert [step.action for step in prelude(UPGRADE)].count(Phase.FUNCTIONS) == 1


def test_the_short_form_is_steps_with_the_very_checks_of_its_phases() -> None:
    phases = (Phase.MACHINE, Phase.INSTALL, Phase.UNINSTALL, Phase.RESIDUE)
    steps = steps_of(phases)
    assert phases_of(steps) == phases
    assert prelude(steps) == ()
    wanted = tuple(check.id for check in catalogue() if check.phase in phases and check.keeps is None)
    assert checks_for(steps) == wanted


def test_what_an_upgrade_keeps_is_asked_where_it_can_be_seen() -> None:
    assert "uninstall.footprint" not in checks_for(UPGRADE)
    kept = [
        step.model_copy(update={"keeps": ("footprint",)}) if step.action is Phase.UPGRADE else step
        for step in UPGRADE
    ]
    assert set(checks_for(kept)) - set(checks_for(UPGRADE)) >= {"uninstall.footprint"}


def test_a_scenario_that_ends_before_the_candidate_comes_has_no_prelude() -> None:
    steps = steps_of((Phase.MACHINE,))
    assert (prelude(steps), phases_of(steps)) == ((), (Phase.MACHINE,))


def test_the_state_after_an_upgrade_is_asked_in_the_words_of_its_step() -> None:
    ids = checks_for(UPGRADE)
    assert {"upgrade.exit_code", "upgrade.entry_unique", "upgrade.service_running"} <= set(ids)
    assert not [check for check in ids if check.startswith("install.")]
    again = {check.id: check for check in catalogue()}["upgrade.service_restart"]
    assert again.requires == ("upgrade.service_running",)


def test_what_a_step_does_not_claim_to_keep_is_not_asked() -> None:
    ids = checks_for(UPGRADE)
    assert "upgrade.same_endpoint" in ids
    assert "upgrade.settings" not in ids


def test_a_repair_does_not_look_at_the_package_again() -> None:
    steps = (Step(action=Phase.INSTALL, of=("candidate",)), Step(action=Phase.REPAIR, of=("file",)))
    assert "install.package_intact" in checks_for(steps)
    assert "repair.package_intact" not in checks_for(steps)
    assert "repair.files" in checks_for(steps)


def test_a_plan_on_disk_reads_back_as_it_was() -> None:
    for step in UPGRADE:
        assert Step.model_validate_json(step.model_dump_json()) == step


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"install": "candidate", "repair": "file"}, "exactly one action"),
        ({"keeps": []}, "found none"),
        ({"dance": "candidate"}, "there is no action 'dance'"),
        ({"install": "candidate", "expect": "installed"}, "pattern"),
        ({"upgrade": "candidate", "keeps": ["calm"]}, "identity"),
    ],
)
def test_a_step_that_cannot_be_read_is_refused(entry: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Step.model_validate(entry)
