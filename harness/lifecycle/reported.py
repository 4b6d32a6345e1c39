"""The row by which the backend is told of one stimulus: what it must hold, and the wait for it."""

from collections.abc import Mapping

from harness.backend.interface import Event
from harness.cell.session import CellSession
from harness.model.deadline import Deadline
from harness.probe.answers.stimulus import Stimulus

LEAST_S = 0.01
"""What is there already is found however little time is left."""


def columns_of(patterns: Mapping[str, str], given: Stimulus) -> dict[str, str]:
    """What these patterns of a profile come to for one stimulus. Its facts may hold a token of their own. Pure."""
    facts = {"nonce": given.nonce} | given.facts
    return {column: pattern.format(**facts) for column, pattern in patterns.items()}


def reported(
    session: CellSession, given: Stimulus, deadline: Deadline, columns: Mapping[str, str] | None = None
) -> Event | None:
    """The first row that tells of the stimulus; None if there is none by the deadline.

    `columns`: what it must hold; None: what the profile says of this kind.
    """
    telemetry = session.profile.telemetry[given.name]
    return session.backend.wait_event(
        session.cell.id,
        telemetry.query,
        columns_of(telemetry.columns, given) if columns is None else columns,
        Deadline.after(max(LEAST_S, deadline.remaining_s)),
        action=telemetry.action,
    )
