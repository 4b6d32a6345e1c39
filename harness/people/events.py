"""What of the ledger people are told, and who can answer. Pure: the ledger itself is the list of what is to be said."""

from dataclasses import dataclass, field, replace

from harness.model.inventory import novelty_words
from harness.people.destinations import Destination, EventKind
from harness.promotion.approving import approval_waits, needed, people_for
from harness.promotion.board import Asked, Board, Line, State
from harness.promotion.entries import CandidateRef, Done, Halt, Rejection, Request, Rollback, What


@dataclass(frozen=True)
class Event:
    """One thing to be said. `number`: of the entry; `request`: what can be answered."""

    kind: EventKind
    number: int
    title: str
    lines: tuple[str, ...]
    candidate: CandidateRef | None = None
    tier: str = ""
    request: str = ""
    entry: str = ""
    """Id of the entry."""
    answerers: frozenset[str] = field(default_factory=frozenset)
    """People who can answer."""
    linked: frozenset[str] = field(default_factory=frozenset)
    """People for whom a server may sign."""


def event_of(board: Board, line: Line) -> Event | None:
    """What is to be said of an entry as things are now; None if nothing, or nothing any more."""
    event = _event_of(board, line)
    if event is None:
        return None
    return replace(event, linked=frozenset(name for name, each in board.rules.people.items() if each.via))


def _event_of(board: Board, line: Line) -> Event | None:
    match line.entry:
        case Request():
            asked = board.asked[line.id]
            return _wanted(board, asked, line) if asked.state is State.OPEN else None
        case Done(what=What.TIERS) | Rejection(what=What.TIERS):
            return None
        case Done() as done:
            asked = board.asked[done.request]
            placement = board.placement(done.candidate or "", done.tier)
            live = placement is not None and placement.live
            people = frozenset(board.rules.people) if live else frozenset[str]()
            return _event(EventKind.DONE, f"Done: {_words(asked.request)}", line, asked.request, (), people)
        case Rejection() as no:
            asked = board.asked[no.request]
            lines = (f"By {no.by}. {no.reason}".rstrip(),)
            return _event(
                EventKind.REJECTED, f"Rejected: {_words(asked.request)}", line, asked.request, lines
            )
        case Halt() | Rollback() as stop:
            placement = board.placements[stop.candidate, stop.tier]
            title = f"Halted: {placement.candidate} in tier {stop.tier}"
            return _event(
                EventKind.HALT, title, line, placement.asked.request, (f"By {stop.by}. {stop.reason}",)
            )
    return None


def wanted_by(destination: Destination, event: Event) -> bool:
    """Whether this destination is told. Who cannot answer is not asked."""
    if event.kind not in destination.events:
        return False
    asks = event.kind is EventKind.APPROVAL
    return not (asks and destination.person and destination.person not in event.answerers)


def _wanted(board: Board, asked: Asked, line: Line) -> Event | None:
    waits = approval_waits(board.rules, asked)
    if not waits:
        return None
    request = asked.request
    people = people_for(board.rules, needed(board.rules, asked)) - {request.by} - set(asked.approvals)
    lines = [f"Asked by {request.by}. {request.reason}".rstrip(), *(each.text for each in waits)]
    if asked.novelty and (words := novelty_words(asked.novelty)):
        lines.append(words)
    if request.gate:
        gate = request.gate
        lines.append(
            f"Gate: suite {gate.suite}, on {', '.join(gate.substrates)}, of {gate.time_verified:%Y-%m-%d %H:%M} UTC."
        )
    return _event(
        EventKind.APPROVAL,
        f"Approval wanted: {_words(request)}",
        line,
        request,
        tuple(lines),
        frozenset(people),
    )


def _event(
    kind: EventKind,
    title: str,
    line: Line,
    request: Request,
    lines: tuple[str, ...],
    answerers: frozenset[str] = frozenset(),
) -> Event:
    asked = line.id if kind is EventKind.APPROVAL else ""
    return Event(kind, line.number, title, lines, request.candidate, request.tier, asked, line.id, answerers)


def _words(request: Request) -> str:
    match request.what:
        case What.TIERS:
            return "other tiers, or another gate policy"
        case What.RAISE:
            return f"raise {request.candidate} to {request.percent:g} % of tier {request.tier}"
        case _:
            return f"{request.what.value} {request.candidate} in tier {request.tier}"
