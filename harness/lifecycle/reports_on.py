"""Whether an agent still reports what happens, after what may have left its sensor behind: one change of a file."""

import secrets

from harness.backend.interface import BackendFeature
from harness.lifecycle.reported import reported
from harness.lifecycle.timeline import Timeline
from harness.probe.answers.stimulus import Stimulus
from harness.probe.reading import read_value

KIND = "file_change"
"""Of these an agent keeps where it stands; tables that it compares with what it saw last may begin anew."""
SOON_S = (2.0, 5.0)
"""How long the event of a change is waited for before the next change is made: an agent may be heard of before it looks
at files again. The last one has the time that the profile names."""


def reports_on(timeline: Timeline, given: list[str]) -> bool:
    """Change a file of the harness's own, a second and a third one if need be, until one is reported.

    `given`: takes the nonces of the changes that are made, which the caller undoes. Raises what the guest layer raises.
    """
    return any(_reports(timeline, given, within_s) for within_s in (*SOON_S, None))


def change(timeline: Timeline, given: list[str]) -> Stimulus:
    """Change one file of the harness's own."""
    nonce = f"{timeline.nonce}{secrets.token_hex(3)}"
    given.append(nonce)
    answer = timeline.session.guest.probe("stimulate", KIND, "--nonce", nonce)
    return read_value(f"stimulate {KIND}", Stimulus, answer)


def _reports(timeline: Timeline, given: list[str], within_s: float | None) -> bool:
    """Change one file, and wait for its event: so long, or as long as the profile says."""
    session, expected = timeline.session, timeline.session.profile.telemetry.get(KIND)
    if expected is None or BackendFeature.TELEMETRY not in session.backend.features:
        return False
    made = change(timeline, given)
    with session.recorder.stopwatch.waiting():
        at_most_s = min(within_s or expected.deadline_s, expected.deadline_s)
        return reported(session, made, session.within(at_most_s)) is not None
