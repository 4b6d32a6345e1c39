"""`isolated-reboot`: the host is isolated when it is rebooted, and is to be isolated still when it is up again."""

from collections.abc import Iterator
from contextlib import contextmanager

from harness.backend.interface import BackendFeature, Fact
from harness.cell.check import NotApplicable, NotTested
from harness.cell.declared import isolates_below_wine, response_actions
from harness.cell.session import CellSession
from harness.lifecycle.dirt.isolated import NEEDED, isolating
from harness.lifecycle.timeline import Timeline
from harness.model.substrate import Capability, why_not


@contextmanager
def soil(timeline: Timeline) -> Iterator[None]:
    """Have the agent isolate its host; see `isolating`. It is released before the candidate's next step.

    Raises `NotTested` also where the profile cannot have it released, `NotApplicable` where nobody could tell whether
    it is isolated still.
    """
    session = timeline.session
    if missing := response_actions("isolate", "release")(session.profile):
        raise NotTested(missing)
    if reason := _cannot_be_shown(session):
        raise NotApplicable(reason)
    needed = (*NEEDED, BackendFeature.HEARTBEAT)
    with isolating(timeline, "reboot", "nothing can reboot it", needed):
        yield


def _cannot_be_shown(session: CellSession) -> str:
    needs = frozenset({Capability.ISOLATION_ENFORCED}) - isolates_below_wine(session.profile)
    return why_not(session.machine.guest_system, needs) or session.backend.ignorance(Fact.STATUS_TIME)
