"""An event from before an upgrade: it must be at the backend once, however often the agent starts after it."""

from collections.abc import Sequence

from harness.backend.interface import Event
from harness.backend.matching import event_matches
from harness.lifecycle.reported import columns_of
from harness.lifecycle.timeline import Timeline
from harness.probe.answers.stimulus import Stimulus
from harness.probe.reading import read_value

STIMULUS = "file_change"


def provoke(timeline: Timeline, moment: str = "before") -> dict[str, str]:
    """Change a file in the guest; the columns that its event must have."""
    nonce = f"{timeline.nonce}{moment}"
    answer = timeline.session.guest.probe("stimulate", STIMULUS, "--nonce", nonce)
    given = read_value(f"stimulate {STIMULUS}", Stimulus, answer)
    return columns_of(timeline.session.profile.telemetry[STIMULUS].columns, given)


def arrived(timeline: Timeline) -> Sequence[Event]:
    """Every row that the backend has of it so far."""
    session, earlier = timeline.session, timeline.arrival.earlier
    if earlier is None or not earlier.provoked:
        return ()
    telemetry = session.profile.telemetry[STIMULUS]
    return [
        event
        for event in session.backend.events(session.cell.id, telemetry.query)
        if event_matches(event, telemetry.query, earlier.provoked, telemetry.action)
    ]


def withdraw(timeline: Timeline) -> None:
    """Take the files away again, so that they are not taken for the agent's residue. Nothing, where none was changed."""
    if timeline.arrival.earlier is None or not timeline.arrival.earlier.provoked:
        return
    names = (f"{timeline.nonce}{moment}" for moment in ("before", "after"))
    timeline.session.guest.batch(
        *(["unstimulate", STIMULUS, "--nonce", name] for name in names), repeatable=True
    )
