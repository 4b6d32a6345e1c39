"""Which phases a failure blocks."""

from harness.model.phases import NEEDS, blocked_by
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
    assert all(needed.order < phase.order for phase, needs in NEEDS.items() for needed in needs)
