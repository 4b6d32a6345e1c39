"""The machine before the candidate: is it really the clean Windows that the plan names? Asked before anything else."""

from harness.backend.reachable import require_answer
from harness.cell.check import check
from harness.cell.session import CellSession
from harness.lifecycle.timeline import Timeline
from harness.model.errors import InfrastructureError
from harness.model.machine import HostPort
from harness.model.report import Phase

PHASE = Phase.MACHINE


@check("The guest is the Windows version that the cell names", first=True)
def test_windows_version(cell: CellSession, timeline: Timeline) -> None:
    expected, found = cell.cell.windows, timeline.baseline.version
    shown = f"{found.major}.{found.minor}.{found.build}"
    cell.note("windows", f"{found.product_name} {shown}")
    if shown != expected.dotted or found.product_type != expected.product_type.value:
        raise WrongImage(
            f"The machine says it is {shown} {found.product_type}, the plan needs {expected.dotted}"
            f" {expected.product_type.value}."
        )


@check("The candidate is not on the machine yet", essential=True)
def test_clean(cell: CellSession, timeline: Timeline) -> None:
    baseline = timeline.baseline.clean
    names = {service.name.lower() for service in (*cell.profile.services, *cell.profile.drivers)}
    there = sorted(names & (baseline.services | baseline.drivers))
    if cell.profile.install_dir.lower() in baseline.files:
        there.append(cell.profile.install_dir)
    if there:
        raise WrongImage(f"The image is not clean: {', '.join(there)} is there before the candidate.")


@check("The agent's backend can be reached from inside", essential=True)
def test_way_to_backend(cell: CellSession) -> None:
    # Asked of the machine in hand: one that is lost meanwhile is replaced.
    reach = cell.before_candidate(lambda: cell.guest.reaches(_way(cell)))
    inside = _way(cell)
    cell.note("backend", f"{cell.backend.name} at {inside}")
    if not reach.reached:
        require_answer(cell.backend.name, cell.backend.address)
        raise NoWayToBackend(
            f"The backend takes connections at {cell.backend.address}, but not from inside the guest, where it should be"
            f" {inside} (Windows error {reach.code}).",
            hint="See whether the machine's host reaches the backend: a remote one cannot reach this one's loopback.",
        )


def _way(cell: CellSession) -> HostPort:
    """Where the backend answers, seen from inside. Raises `NoWayToBackend`."""
    inside = cell.machine.backend_address
    if inside is None:
        raise NoWayToBackend("The machine was made without a way to the backend.")
    return inside


class NoWayToBackend(InfrastructureError):
    """The lab's machine does not lead to the backend, so an agent's silence there would prove nothing."""


class WrongImage(InfrastructureError):
    """The lab handed out a machine that is not what the plan names."""
