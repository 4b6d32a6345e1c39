"""A backend that the harness did not start: asked again and again, since it cannot push."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Generic, NoReturn, TypeVar

import tenacity

from harness.backend.evidence import write_lines
from harness.backend.external.description import from_environment
from harness.backend.external.expressions import search
from harness.backend.external.model import C, Described, EndpointLookup, EventLookup, StatusLookup
from harness.backend.external.reading import read_endpoint, read_events, read_items, read_rows, read_status
from harness.backend.external.transport import Transport, Unavailable
from harness.backend.interface import (
    BackendFeature,
    Endpoint,
    Enrolment,
    Event,
    Fact,
    FaultKind,
    ProtocolError,
    Refusal,
    StatusLine,
)
from harness.backend.matching import event_matches
from harness.backend.reachable import require_answer
from harness.model.deadline import Deadline
from harness.model.errors import BackendError, CandidateError, ConfigurationError
from harness.model.machine import HostPort
from harness.model.masking import mask

T = TypeVar("T")


PAGES = 1000
"""A list with more is taken for one whose next page is itself."""


@dataclass
class _Cell:
    secret: str
    since: float
    identity: str
    first_seen: float | None = None


class ExternalBackend(Generic[C]):
    """Satisfies `Backend`. A wait may pass its deadline by one request's timeout, never more."""

    def __init__(self, description: Described[C], transport: Transport[C], file: Path) -> None:
        self._description: Described[C] = description
        self._transport: Transport[C] = transport
        self._file = file
        self._cells: dict[str, _Cell] = {}
        self._given: set[str] = set()
        self._ca_pem = self._read_ca()

    @property
    def name(self) -> str:
        """The name in its file."""
        return self._description.name

    @property
    def features(self) -> frozenset[BackendFeature]:
        """What its file describes."""
        told = self._description
        offered = {
            BackendFeature.TELEMETRY: told.events,
            BackendFeature.STATUS: told.status,
            BackendFeature.HEARTBEAT: told.endpoint.fields.last_seen,
            BackendFeature.CONFIGURE: told.configure,
            BackendFeature.LIVE_QUERY: told.live_query,
        }
        return frozenset(feature for feature, described in offered.items() if described is not None)

    def ignorance(self, fact: Fact) -> str:
        """What its file does not say where to find."""
        section, _, name = fact.value.split(".")
        lookup = getattr(self._description, section)
        if lookup is None or getattr(lookup.fields, name) is not None:
            return ""
        return f"the backend description names no {name} field ({fact.value} in {self._file.name})"

    @property
    def address(self) -> HostPort:
        """The agents' endpoint, from its file."""
        return self._description.address

    def admit(self, cell: str, configuration: Mapping[str, Any] | None) -> Enrolment:
        """Get a secret; push the first configuration if the backend takes one.

        Endpoints, events and status lines older than this call are ignored from now on.
        """
        source = self._description.enrolment
        self._cells[cell] = admitted = _Cell("", time.time(), cell)
        if source.secret is not None:
            admitted.secret = from_environment(source.secret, "enrolment.secret", self._file)
        elif source.call is not None and source.secret_field is not None:
            found = self._search(
                cell, source.secret_field, self._fetch(cell, source.call), "enrolment.secret_field"
            )
            if not isinstance(found, str) or not found:
                raise BackendError(f"{self.name} gave no enrolment secret for cell {cell}.")
            admitted.secret = found
        self._given.add(admitted.secret)
        if configuration is not None and self._description.configure is not None:
            self.configure(cell, configuration)
        return Enrolment(
            secret=admitted.secret, ca_pem=self._ca_pem, server_cert_sha256=source.server_cert_sha256
        )

    def identify(self, cell: str, identity: str) -> None:
        """What `{identity}` stands for from now on."""
        self._of(cell).identity = identity

    def wait_enrolled(self, cell: str, deadline: Deadline, *, after: float = 0.0) -> Endpoint | None:
        """The endpoint once it has enrolled later than `after` and than the cell's admission."""
        return self._poll(lambda: self._endpoint(cell, lambda found: found.enrolled_at > after), deadline)

    def wait_seen(self, cell: str, deadline: Deadline, *, after: float) -> Endpoint | None:
        """The endpoint once it was seen later than `after`."""
        if BackendFeature.HEARTBEAT not in self.features:
            self._lacks("endpoint.fields.last_seen")
        return self._poll(lambda: self._endpoint(cell, lambda found: found.last_seen > after), deadline)

    def wait_event(
        self,
        cell: str,
        query: str,
        columns: Mapping[str, str],
        deadline: Deadline,
        *,
        action: str | None = "added",
    ) -> Event | None:
        """The first matching event."""

        def probe() -> Event | None:
            events = self._events(cell, query)
            return next((found for found in events if event_matches(found, query, columns, action)), None)

        return self._poll(probe, deadline)

    def events(self, cell: str, query: str | None = None) -> Sequence[Event]:
        """Every event since the cell was admitted, as far as the backend lists them."""
        return tuple(
            found for found in self._events(cell, query or "") if query is None or found.query == query
        )

    def wait_status(
        self, cell: str, contains: str, deadline: Deadline, *, after: float = 0.0
    ) -> StatusLine | None:
        """The first status line later than `after` that contains the text; case ignored."""

        def probe() -> StatusLine | None:
            wanted = contains.casefold()
            lines = (found for found in self._status(cell) if found.received_at > after)
            return next((found for found in lines if wanted in found.message.casefold()), None)

        return self._poll(probe, deadline)

    def configure(self, cell: str, configuration: Mapping[str, Any] | str) -> float:
        """Push this configuration; returns the time by this machine's clock."""
        call = self._description.configure or self._lacks("configure")
        value = configuration if isinstance(configuration, str) else dict(configuration)
        now = time.time()
        self._fetch(cell, call, configuration=value)
        return now

    def ask(self, cell: str, sql: str, deadline: Deadline) -> Sequence[Mapping[str, str]] | None:
        """Run a distributed query. Raises `CandidateError` if the agent's status for it is not 0."""
        told = self._description.live_query or self._lacks("live_query")
        answer, known = self._fetch(cell, told.call, sql=sql), {"sql": sql}
        if told.result is not None and told.id is not None:
            result, number = told.result, self._search(cell, told.id, answer, "live_query.id", **known)
            if number is None:
                raise BackendError(f"{self.name} gave no id for a distributed query.")
            known["id"] = number
            answer = self._poll(lambda: self._done(cell, self._fetch(cell, result, **known), known), deadline)
        if answer is None:
            require_answer(self.name, self.address)
            return None
        status = told.status and self._search(cell, told.status, answer, "live_query.status", **known)
        if status not in (None, 0, "0"):
            message = told.message and self._search(cell, told.message, answer, "live_query.message", **known)
            raise CandidateError(
                f"Cell {cell}: the agent answered the distributed query {sql!r} with status {status}: "
                f"{message or 'no message'}."
            )
        return read_rows(answer, told.rows, self._values(cell, **known))

    def misbehave(
        self,
        cell: str,
        kind: FaultKind,
        *,
        times: int = 1,  # noqa: ARG002 - the protocol's signature
        seconds: float = 0.0,  # noqa: ARG002
    ) -> None:
        """Not offered: raises `BackendError`."""
        raise BackendError(f"{self.name} cannot be told to misbehave ({kind.value}, cell {cell}).")

    def wait_recovered(self, cell: str, deadline: Deadline) -> Endpoint | None:  # noqa: ARG002
        """Not offered: raises `BackendError`."""
        raise BackendError(f"{self.name} has no faults to recover from (cell {cell}).")

    def protocol_errors(self, cell: str) -> Sequence[ProtocolError]:  # noqa: ARG002
        """Nothing: an external backend keeps these to itself."""
        return ()

    def refusals(self, cell: str) -> Sequence[Refusal]:  # noqa: ARG002
        """Nothing: an external backend keeps these to itself."""
        return ()

    def credentials(self, cell: str) -> frozenset[str]:  # noqa: ARG002
        """Nothing: an external backend keeps these to itself."""
        return frozenset()

    def export(self, cell: str, path: Path) -> None:
        """What the backend now says of the cell. What it will not say is named, not left out."""
        documents: list[dict[str, Any]] = []
        sources: dict[str, Callable[[], Sequence[Endpoint | Event | StatusLine | None]]] = {
            "endpoint": lambda: [self._endpoint(cell, lambda _: True)]
        }
        if BackendFeature.TELEMETRY in self.features:
            sources["event"] = lambda: self.events(cell)
        if BackendFeature.STATUS in self.features:
            sources["status"] = lambda: self._status(cell)
        for kind, source in sources.items():
            try:
                found = [item.model_dump() if item else {} for item in source()]
            except BackendError as error:
                found = [{"unavailable": str(error)}]
            documents += [{"kind": kind, **item} for item in found]
        write_lines(path, documents, self._hidden)

    def close(self) -> None:
        """Let go of connections. Idempotent."""
        self._transport.close()

    # -- reading

    def _endpoint(self, cell: str, wanted: Callable[[Endpoint], bool]) -> Endpoint | None:
        told, admitted = self._description.endpoint, self._of(cell)
        now = admitted.first_seen or time.time()
        for answer in self._answers(cell, told, "endpoint"):
            for found in self._endpoints(cell, answer, now):
                at = found.enrolled_at if told.fields.enrolled_at else found.last_seen
                if self._fresh(admitted, at):
                    admitted.first_seen = now
                    return found if wanted(found) else None
        return None

    def _endpoints(self, cell: str, answer: Any, now: float) -> list[Endpoint]:
        """The endpoints of this cell in one answer, the latest first."""
        told, values, unit = self._description.endpoint, self._values(cell), self._description.time_unit
        if told.items is None:
            item = search(told.item or "@", answer, "endpoint.item", values)
            found = None if item is None else read_endpoint(item, told.fields, cell, unit, now, values)
            return [found] if found else []
        listed = [
            found
            for item in read_items(answer, told.items, "endpoint.items", values)
            if (found := read_endpoint(item, told.fields, cell, unit, now, values))
            and found.host_identifier.casefold() == self._of(cell).identity.casefold()
        ]
        return sorted(listed, key=lambda found: (found.last_seen, found.enrolled_at), reverse=True)

    def _events(self, cell: str, query: str) -> list[Event]:
        told, admitted = self._description.events or self._lacks("events"), self._of(cell)
        items, unit = self._items(cell, told, "events", query=query), self._description.time_unit
        values = self._values(cell, query=query)
        found = read_events(items, told.fields, cell, query, unit, time.time(), values)
        return [event for event in found if self._fresh(admitted, event.received_at)]

    def _status(self, cell: str) -> list[StatusLine]:
        told, admitted = self._description.status or self._lacks("status"), self._of(cell)
        items, unit = self._items(cell, told, "status"), self._description.time_unit
        found = read_status(items, told.fields, cell, unit, time.time(), self._values(cell))
        return [line for line in found if self._fresh(admitted, line.received_at)]

    def _items(
        self, cell: str, told: EventLookup[C] | StatusLookup[C], key: str, **further: Any
    ) -> Iterator[Any]:
        values = self._values(cell, **further)
        for answer in self._answers(cell, told, key, **further):
            yield from read_items(answer, told.items, f"{key}.items", values)

    def _answers(
        self,
        cell: str,
        told: EndpointLookup[C] | EventLookup[C] | StatusLookup[C],
        key: str,
        **further: Any,
    ) -> Iterator[Any]:
        """The answer to a call, or one after another of its pages."""
        page: Any = told.paging.first if told.paging else ""
        for _ in range(PAGES):
            answer = self._fetch(cell, told.call, page=page, **further)
            if answer is None:
                return
            yield answer
            following = told.paging and self._search(cell, told.paging.next, answer, f"{key}.paging.next")
            if following in (None, "", False):
                return
            page = following
        raise BackendError(f"{self.name} has more than {PAGES} pages at {key}.", hint="Is paging.next right?")

    def _done(self, cell: str, answer: Any, known: Mapping[str, Any]) -> Any:
        told = self._description.live_query or self._lacks("live_query")
        done = told.done and self._search(cell, told.done, answer, "live_query.done", **known)
        return answer if done else None

    def _search(self, cell: str, expression: str, answer: Any, key: str, **further: Any) -> Any:
        return search(expression, answer, key, self._values(cell, **further))

    def _fresh(self, admitted: _Cell, at: float) -> bool:
        return at >= admitted.since - self._description.clock_skew_s

    # -- asking

    def _values(self, cell: str, **further: Any) -> dict[str, Any]:
        admitted = self._of(cell)
        return {
            "cell": cell,
            "identity": admitted.identity,
            "secret": admitted.secret,
            "since": f"{admitted.since:.3f}",
            "since_iso": datetime.fromtimestamp(admitted.since, UTC).isoformat(timespec="milliseconds"),
            **further,
        }

    def _fetch(self, cell: str, call: C, **further: Any) -> Any:
        values = self._values(cell, **further)
        try:
            return self._transport.fetch(call, values, self._description.request_timeout_s)
        except BackendError as error:
            raise type(error)(mask(error.message, self._hidden), hint=error.hint) from None

    def _poll(self, probe: Callable[[], T | None], deadline: Deadline) -> T | None:
        """Ask until there is something; on deadline None, or the error if the last attempt got no answer.

        None is said of the agent only if its endpoint was there to be talked to.
        """
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_result(lambda found: found is None)
            | tenacity.retry_if_exception_type(Unavailable),
            stop=lambda _state: deadline.passed,
            wait=lambda _state: deadline.cap(self._description.poll_s),
            retry_error_callback=_last,
        )
        found = retrying(probe)
        if found is None:
            require_answer(self.name, self.address)
        return found

    def _of(self, cell: str) -> _Cell:
        try:
            return self._cells[cell]
        except KeyError:
            raise BackendError(f"Cell {cell} was never admitted to {self.name}.") from None

    def _lacks(self, key: str) -> NoReturn:
        raise BackendError(f"{self.name} does not offer this: {key} is not described in {self._file.name}.")

    @property
    def _hidden(self) -> frozenset[str]:
        return self._transport.secrets | self._given

    def _read_ca(self) -> str:
        ca_file = self._description.enrolment.ca_file
        if ca_file is None:
            return ""
        try:
            return (self._file.parent / ca_file).read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                f"cannot be read: {error}.", file=str(self._file), key="enrolment.ca_file"
            ) from error


def _last(state: tenacity.RetryCallState) -> Any:
    return state.outcome.result() if state.outcome else None
