"""What several phases ask of the backend: that it understood everything the agent sent, and can tell what they need."""

from harness.backend.interface import BackendFeature, Fact
from harness.cell.check import NotApplicable, NotTested
from harness.cell.session import CellSession
from harness.checks.expectation import mismatch
from harness.model.report import Outcome


def assert_understood(cell: CellSession) -> None:
    """No request was malformed so far. Raises `NotApplicable` for a backend that keeps such requests to itself."""
    if BackendFeature.FAULTS not in cell.backend.features:
        raise NotApplicable(f"backend {cell.backend.name} does not report malformed requests")
    errors = cell.backend.protocol_errors(cell.cell.id)
    assert not errors, mismatch(
        "only requests of the protocol",
        f"{len(errors)} that the backend could not understand, the first to {errors[0].path}: {errors[0].message}",
    )


def has_checked_in(cell: CellSession) -> None:
    """The agent enrolled in this cell. Raises `NotTested` where no check-in was asked for."""
    if cell.recorder.outcomes.get("check-in.enrolled") is not Outcome.PASSED:
        raise NotTested("this scenario has no check-in that passed")


def known_to_tell(cell: CellSession, fact: Fact) -> None:
    """The backend can tell this of what it received. Raises `NotApplicable` with the reason if it cannot."""
    if reason := cell.backend.ignorance(fact):
        raise NotApplicable(reason)
