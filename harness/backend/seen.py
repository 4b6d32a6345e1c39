"""What a backend saw of an agent that it does not hear: the words that tell a wrong secret from a dead agent."""

from collections import Counter
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from harness.backend.interface import Backend, Refusal
from harness.model.base import Frozen
from harness.model.errors import HarnessError
from harness.model.plural import plural

LONG_S = 1.0
"""A shorter wait for a body is not told of: no agent that sends it with the head is that late on a busy host."""


class Sightings(Frozen):
    """What reached a backend for one cell since it was admitted."""

    requests: int
    """Requests that were served."""
    last_s: float | None = None
    """Seconds since the last of them."""
    silences: tuple[tuple[float, float], ...] = ()
    """From one sign of life to the next, in seconds since the epoch, where that took long; the last one goes on."""
    handshakes_failed: tuple[str, ...] = ()
    """Why TLS handshakes came to nothing, oldest first. Whose they were TLS does not tell."""
    plain: int = 0
    """How many of them were no handshakes, but requests of plain HTTP."""
    body_held_s: float = 0.0
    """The longest wait for the body of a request whose head says that there is none, and that it comes in chunks."""
    body_awaited_s: float = 0.0
    """The same of a body that did not come so far, or never did: whose such a request was nobody knows."""


@runtime_checkable
class Sees(Protocol):
    """What a backend also offers if it sees what reaches it below the protocol."""

    def sightings(self, cell: str) -> Sightings: ...


def what_was_seen(backend: Backend, cell: str) -> str:
    """One clause: that the backend saw nothing at all, or requests with a wrong secret, or handshakes that failed.

    Never raises: it only adds to what a check says.
    """
    try:
        refusals, errors = backend.refusals(cell), backend.protocol_errors(cell)
        sightings = backend.sightings(cell) if isinstance(backend, Sees) else None
    except HarnessError as error:
        return f"what the backend saw is not known ({error.message.rstrip('.')})"
    said = [*_refused(refusals)]
    if errors:
        first = errors[0]
        said.append(
            f"{plural(len(errors), 'malformed request')}, the first {first.method} {first.path}: {first.message}"
        )
    if sightings is not None:
        said += _below(sightings)
    if said:
        return f"the backend saw {'; '.join(said)}"
    if sightings is None:
        return f"backend {backend.name} does not tell what it saw of it"
    return "the backend saw nothing at all of it: no request, no connection with a failed handshake"


def _refused(refusals: Sequence[Refusal]) -> list[str]:
    found = Counter((refusal.reason, refusal.path) for refusal in refusals)
    return [
        f"{plural(count, 'request')} to {path} refused: {reason}" for (reason, path), count in found.items()
    ]


def _below(sightings: Sightings) -> list[str]:
    said = []
    if sightings.requests:
        when = f", the last {sightings.last_s:.0f} s ago" if sightings.last_s is not None else ""
        said.append(f"{plural(sightings.requests, 'good request')}{when}")
    waited_s = max(sightings.body_held_s, sightings.body_awaited_s)
    if waited_s >= LONG_S:
        said.append(f"a request's head, for whose body it waited {waited_s:.0f} s")
    for reason, count in Counter(sightings.handshakes_failed).items():
        said.append(f"{plural(count, 'TLS handshake')} failed: {reason}")
    return said
