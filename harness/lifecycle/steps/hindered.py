"""`hindered: install, by: obstacle`: the installer cannot come to its end (`harness/lifecycle/hindrances/`)."""

from harness.lifecycle.attempt import Attempt
from harness.lifecycle.hindrances import HINDRANCES
from harness.lifecycle.timeline import Timeline
from harness.model.steps import Step


def act(timeline: Timeline, step: Step) -> Attempt:
    """Let it try. Raises `CandidateError` if it hangs, and what the guest layer raises."""
    attempt = HINDRANCES[step.by](timeline, step)
    timeline.session.note(f"{step.work} hindered", attempt.how)
    return attempt
