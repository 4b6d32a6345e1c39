"""Which phases a failure blocks, and what stands for a phase."""

import pytest

from harness.model.phases import PHASES, STANDS_FOR, blocked_by, phase_outcome
from harness.model.report import Outcome, Phase

ESSENTIAL = {
    Phase.INSTALL: frozenset({"install.exit_code"}),
    Phase.CHECK_IN: frozenset({"check-in.enrolled"}),
}


def test_a_failed_install_blocks_what_needs_the_product() -> None:
    outcomes = {"install.exit_code": Outcome.FAILED}
    assert blocked_by(Phase.CHECK_IN, outcomes, ESSENTIAL) == "install.exit_code"
    assert blocked_by(Phase.FUNCTIONS, outcomes, ESSENTIAL) == "install.exit_code"


def test_uninstall_and_residue_run_whatever_the_product_did() -> None:
    outcomes = {"install.exit_code": Outcome.FAILED, "check-in.enrolled": Outcome.FAILED}
    assert blocked_by(Phase.UNINSTALL, outcomes, ESSENTIAL) is None
    assert blocked_by(Phase.RESIDUE, outcomes, ESSENTIAL) is None


def test_a_failure_that_is_not_essential_blocks_nothing() -> None:
    assert blocked_by(Phase.FUNCTIONS, {"install.files": Outcome.FAILED}, ESSENTIAL) is None


def test_a_phase_needs_only_earlier_ones() -> None:
    assert all(needed.order < phase.order for phase, traits in PHASES.items() for needed in traits.needs)


def test_every_phase_is_described_and_told_apart_in_a_narrow_table() -> None:
    assert tuple(PHASES) == tuple(Phase)
    headings = [traits.heading for traits in PHASES.values()]
    assert len(set(headings)) == len(headings)
    assert all(0 < len(heading) <= 5 for heading in headings)


def test_what_the_profile_leaves_undeclared_blocks_nothing() -> None:
    assert blocked_by(Phase.FUNCTIONS, {"install.exit_code": Outcome.NOT_TESTED}, ESSENTIAL) is None


P, NT, NA = Outcome.PASSED, Outcome.NOT_TESTED, Outcome.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("outcomes", "stands"),
    [
        ([], None),
        ([P, NT, NA], P),
        ([NT, NA], NT),
        ([NA], NA),
        ([P, Outcome.FAILED, Outcome.INFRA], Outcome.FAILED),
        ([P, Outcome.BLOCKED, Outcome.INFRA], Outcome.INFRA),
        ([P, Outcome.BLOCKED], Outcome.BLOCKED),
    ],
)
def test_what_stands_for_a_phase(outcomes: list[Outcome], stands: Outcome | None) -> None:
    assert phase_outcome({str(number): outcome for number, outcome in enumerate(outcomes)}, ()) is stands


@pytest.mark.parametrize(
    ("watcher", "stands"), [(P, NT), (Outcome.FAILED, Outcome.FAILED), (Outcome.INFRA, Outcome.INFRA)]
)
def test_a_watcher_proves_nothing_but_can_fail(watcher: Outcome, stands: Outcome) -> None:
    assert (
        phase_outcome({"functions.protocol": watcher, "functions.user": NT}, ["functions.protocol"]) is stands
    )


def test_every_outcome_can_stand_for_a_phase() -> None:
    assert set(STANDS_FOR) == set(Outcome)
