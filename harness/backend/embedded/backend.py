"""The backend that comes with the harness: an osquery TLS remote API of its own for each worker."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from harness.backend.disclosed import Sent
from harness.backend.embedded.admission import as_served
from harness.backend.embedded.admissions import Admissions
from harness.backend.embedded.app import RemoteApi
from harness.backend.embedded.fails_on_purpose import FailsOnPurpose
from harness.backend.embedded.handover import Handover
from harness.backend.embedded.handshakes import PLAIN
from harness.backend.embedded.large import LargeBodies
from harness.backend.embedded.pki import Authority
from harness.backend.embedded.reading import event_of, evidence_of, status_of, texts_in, what_of
from harness.backend.embedded.records import parts, somewhere
from harness.backend.embedded.server import TlsServer, watched
from harness.backend.embedded.store import Kind, Store, Wanted
from harness.backend.evidence import write_lines
from harness.backend.interface import (
    BackendFeature,
    Endpoint,
    Enrolment,
    Event,
    Fact,
    ProtocolError,
    Refusal,
    StatusLine,
)
from harness.backend.matching import event_matches
from harness.backend.seen import Sightings
from harness.backend.traffic import Traffic
from harness.model.deadline import Deadline
from harness.model.errors import BackendError, CandidateError

T = TypeVar("T")
SENT = (Kind.ENROLMENT, Kind.EVENT, Kind.STATUS, Kind.ANSWER, Kind.ADDRESS)
"""What comes from agents and is meant to be kept."""


class EmbeddedBackend(FailsOnPurpose):
    """Serves from construction until `close`. One per process; any number of cells. Thread-safe.

    `handover`: a cell that another process served until now, on the address `bind`. `watch` is told each request's path
    as it arrives, on the server's thread.
    """

    def __init__(
        self,
        authority: Authority,
        database: Path,
        *,
        bind: str = "127.0.0.1:0",
        handover: Handover | None = None,
        watch: Callable[[str], None] | None = None,
    ) -> None:
        self._authority, self._database = authority, database
        self._store = Store(database)
        self._admissions = Admissions(self._store)
        if handover is not None:
            self._admissions.take_over(handover)
        self._large = LargeBodies()
        self._closed = False
        try:
            self._server = TlsServer(
                authority, bind, lambda reason: self._admissions.break_down(BackendError(reason))
            )
        except BackendError:
            self._store.close()
            raise
        try:
            api = RemoteApi(self._admissions, self._server.cut, self._large).application()
            self._server.start(api if watch is None else watched(api, watch))
        except BackendError:
            self.close()
            raise

    @property
    def features(self) -> frozenset[BackendFeature]:
        """All of them."""
        return frozenset(BackendFeature)

    def ignorance(self, fact: Fact) -> str:  # noqa: ARG002 - the protocol's signature
        """It knows all that agents send."""
        return ""

    def hand_over(self, cell: str) -> Handover:
        """What another process needs to go on with this cell on the same port, once this server is closed."""
        return self._admissions.hand_over(cell, self.address.host, self.address.port)

    def admit(self, cell: str, configuration: Mapping[str, Any] | None) -> Enrolment:
        """A new secret and configuration for the cell; earlier secrets and node keys end."""
        secret = self._admissions.admit(cell, as_served(configuration))
        return Enrolment(
            secret=secret,
            ca_pem=self._authority.ca_pem,
            server_cert_sha256=self._authority.server_cert_sha256,
        )

    def identify(self, cell: str, identity: str) -> None:
        """Nothing to do: a cell is known by its secret; the identity is what the agent has to prove."""

    def wait_enrolled(self, cell: str, deadline: Deadline, *, after: float = 0.0) -> Endpoint | None:
        """The endpoint once it has enrolled later than `after`."""

        def probe() -> Endpoint | None:
            endpoint = self._admissions.endpoint(cell)
            return endpoint if endpoint and endpoint.enrolled_at > after else None

        return self._wait(probe, deadline)

    def wait_seen(self, cell: str, deadline: Deadline, *, after: float) -> Endpoint | None:
        """The endpoint once an authenticated request later than `after` was served (no fault hit it)."""

        def probe() -> Endpoint | None:
            endpoint = self._admissions.endpoint(cell)
            return endpoint if endpoint and endpoint.last_seen > after else None

        return self._wait(probe, deadline)

    def wait_event(
        self,
        cell: str,
        query: str,
        columns: Mapping[str, str],
        deadline: Deadline,
        *,
        action: str | None = "added",
    ) -> Event | None:
        """The first matching event since the cell was admitted."""
        wanted = Wanted(cell, Kind.EVENT, query, action, parts(columns))
        return self._found(
            wanted, event_of, lambda event: event_matches(event, query, columns, action), deadline
        )

    def events(self, cell: str, query: str | None = None) -> Sequence[Event]:
        """Every event since the cell was admitted, oldest first."""
        pages = self._admissions.pages(cell, Kind.EVENT, query)
        return tuple(event_of(item) for page in pages for item in page)

    def wait_status(
        self, cell: str, contains: str, deadline: Deadline, *, after: float = 0.0
    ) -> StatusLine | None:
        """The first status line later than `after` that contains the text; case ignored."""
        text = contains.casefold()

        def matches(line: StatusLine) -> bool:
            return line.received_at > after and text in line.message.casefold()

        wanted = Wanted(cell, Kind.STATUS, parts=(somewhere(contains),))
        return self._found(wanted, status_of, matches, deadline)

    def configure(self, cell: str, configuration: Mapping[str, Any] | str) -> float:
        """Serve this configuration from now on; returns the time."""
        return self._admissions.configure(cell, as_served(configuration))

    def ask(self, cell: str, sql: str, deadline: Deadline) -> Sequence[Mapping[str, str]] | None:
        """Run a distributed query. Raises `CandidateError` if the agent's status for it is not 0."""
        answer = self._admissions.ask(cell, sql, deadline)
        if answer is None:
            self._require_own_answer()
            return None
        if answer.status != 0:
            raise CandidateError(
                f"Cell {cell}: the agent answered the distributed query {sql!r} with status {answer.status}: "
                f"{answer.message or 'no message'}."
            )
        return answer.rows

    def ask_together(
        self, cell: str, queries: Sequence[str], deadline: Deadline
    ) -> Sequence[Sequence[Mapping[str, str]]] | None:
        """The rows of several distributed queries that are handed out at once, in their order."""
        answers = self._admissions.ask_together(cell, queries, deadline)
        if answers is None:
            self._require_own_answer()
            return None
        return [answer.rows for answer in answers]

    def answered_again(self, cell: str) -> Sequence[str]:
        """The distributed queries that were answered more than once."""
        return self._admissions.answered_again(cell)

    def protocol_errors(self, cell: str) -> Sequence[ProtocolError]:
        """Malformed requests since the cell was admitted."""
        return tuple(
            ProtocolError(cell=item.cell, received_at=item.at, **item.body)
            for item in self._admissions.items(cell, Kind.PROTOCOL_ERROR, with_unknown=True)
        )

    def refusals(self, cell: str) -> Sequence[Refusal]:
        """Refused requests since the cell was admitted."""
        return tuple(
            Refusal(cell=item.cell, received_at=item.at, **item.body)
            for item in self._admissions.items(cell, Kind.REFUSAL, with_unknown=True)
        )

    def sightings(self, cell: str) -> Sightings:
        """What reached the server for the cell since it was admitted."""
        requests, admitted_at, last_seen = self._admissions.heard(cell)
        failed = self._server.handshakes.since(admitted_at)
        return Sightings(
            requests=requests,
            last_s=time.time() - last_seen if last_seen is not None else None,
            silences=self._admissions.silences(cell),
            handshakes_failed=failed,
            plain=failed.count(PLAIN),
            body_held_s=self._admissions.body_held_s(cell),
            body_awaited_s=self._admissions.body_awaited_s(cell),
        )

    def traffic(self, cell: str) -> Traffic:
        """What the cell's agent asked and sent."""
        return self._admissions.traffic(cell)

    def holding(self, cell: str, texts: Collection[str]) -> Iterator[Sent]:
        """What the cell's agents sent that holds one of the texts."""
        for item in self._admissions.holding(cell, SENT, texts):
            found = tuple(
                (name, text) for name, text in texts_in(item.body) if any(each in text for each in texts)
            )
            if found:
                yield Sent(what_of(item), found)

    def credentials(self, cell: str) -> frozenset[str]:
        """The node keys of the cell's agents."""
        return self._admissions.credentials(cell)

    def export(self, cell: str, path: Path) -> None:
        """All admissions of the cell, item by item, and at last its endpoint and its requests by path."""
        pages, admission, hidden = self._admissions.everything(cell)
        write_lines(path, evidence_of(pages, admission), hidden)

    def close(self) -> None:
        """Stop serving and close the database. Idempotent."""
        if not self._closed:
            self._closed = True
            self._large.close()
            self._server.stop()
            self._store.close()
