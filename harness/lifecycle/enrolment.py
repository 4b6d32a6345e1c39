"""The agent's enrolment, waited for at the backend."""

from harness.backend.interface import Endpoint
from harness.backend.seen import what_was_seen
from harness.cell.check import NotTested
from harness.cell.declared import never_introduced, why_unheard
from harness.cell.session import CellSession
from harness.model.errors import CandidateError
from harness.probe.answers.system import Version


def await_enrolment(session: CellSession, machine: Version, since: str) -> Endpoint:
    """The agent at its backend, waited for. `machine`: by which the backend may know it; `since`: what, in words.

    Raises `CandidateError`, and `NotTested` for an agent that was not told of the backend.
    """
    if untold := never_introduced(session.profile, session.backend.name):
        raise NotTested(untold)
    check_in = session.profile.check_in
    deadline = session.patience(check_in.deadline_s)
    session.identify((machine.machine_guid if check_in.identity == "uuid" else machine.computer_name) or "")
    with session.recorder.stopwatch.waiting():
        found = session.backend.wait_enrolled(session.cell.id, deadline)
    if found is None:
        saw = what_was_seen(session.backend, session.cell.id)
        raise CandidateError(
            f"Expected: the agent enrols at the backend within {deadline.length_s:g} s of {since}."
            f" Found: it did not; {saw}.",
            hint=why_unheard(session.profile),
        )
    return found
