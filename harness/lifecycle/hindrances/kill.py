"""`by: kill`: somebody ends the installer while it works."""

from harness.lifecycle.attempt import Attempt
from harness.lifecycle.timeline import Timeline
from harness.lifecycle.under_way import begin, look, wait_for
from harness.model.errors import GuestFault
from harness.model.steps import Step

KILLED_S = 30
ENDS_S = 60.0
"""How long what it had started may take to end."""


def hinder(timeline: Timeline, step: Step) -> Attempt:
    """End every msiexec at the step's moment. Windows' service rolls back what it can; Wine has none that would."""
    session = timeline.session
    assert step.work is not None
    before = look(timeline)
    begun = begin(timeline, step)
    moment = wait_for(timeline, step, before, begun)
    session.guest.run(["taskkill", "/f", "/im", "msiexec.exe"], timeout_s=KILLED_S)
    how = f"it was ended from outside {moment}"
    with session.recorder.stopwatch.waiting():
        try:
            session.within(ENDS_S).poll(lambda: look(timeline, begun).ended, "What the installer had started")
            result = session.guest.msi.end(begun)
        except GuestFault:
            return Attempt(step.work, how)
    timeline.keep_log(result, str(step.action))
    return Attempt(step.work, f"{how}; it ended with {result.exit_code}", result)
