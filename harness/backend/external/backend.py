"""A backend that the harness did not start: asked again and again, since it cannot push."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic

from harness.backend.evidence import write_lines
from harness.backend.external.asker import Asker
from harness.backend.external.description import from_environment
from harness.backend.external.lookups import Lookups
from harness.backend.external.model import C, Described
from harness.backend.external.reading import read_rows
from harness.backend.external.transport import Transport
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


class ExternalBackend(Generic[C]):
    """Satisfies `Backend`. A wait may pass its deadline by one request's timeout, never more."""

    def __init__(self, description: Described[C], transport: Transport[C], file: Path) -> None:
        self._description: Described[C] = description
        self._transport: Transport[C] = transport
        self._file = file
        self._asker: Asker[C] = Asker(description, transport, file)
        self._lookups: Lookups[C] = Lookups(self._asker)
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
        admitted, secret = self._asker.admit(cell), ""
        if source.secret is not None:
            secret = from_environment(source.secret, "enrolment.secret", self._file)
        elif source.call is not None and source.secret_field is not None:
            found = self._asker.search(
                cell, source.secret_field, self._asker.fetch(cell, source.call), "enrolment.secret_field"
            )
            if not isinstance(found, str) or not found:
                raise BackendError(f"{self.name} gave no enrolment secret for cell {cell}.")
            secret = found
        self._asker.give(admitted, secret)
        if configuration is not None and self._description.configure is not None:
            self.configure(cell, configuration)
        return Enrolment(secret=secret, ca_pem=self._ca_pem, server_cert_sha256=source.server_cert_sha256)

    def identify(self, cell: str, identity: str) -> None:
        """What `{identity}` stands for from now on."""
        self._asker.of(cell).identity = identity

    def wait_enrolled(self, cell: str, deadline: Deadline, *, after: float = 0.0) -> Endpoint | None:
        """The endpoint once it has enrolled later than `after` and than the cell's admission."""
        return self._asker.poll(
            lambda: self._lookups.endpoint(cell, lambda found: found.enrolled_at > after), deadline
        )

    def wait_seen(self, cell: str, deadline: Deadline, *, after: float) -> Endpoint | None:
        """The endpoint once it was seen later than `after`."""
        if BackendFeature.HEARTBEAT not in self.features:
            self._asker.lacks("endpoint.fields.last_seen")
        return self._asker.poll(
            lambda: self._lookups.endpoint(cell, lambda found: found.last_seen > after), deadline
        )

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
            events = self._lookups.events(cell, query)
            return next((found for found in events if event_matches(found, query, columns, action)), None)

        return self._asker.poll(probe, deadline)

    def events(self, cell: str, query: str | None = None) -> Sequence[Event]:
        """Every event since the cell was admitted, as far as the backend lists them."""
        return tuple(
            found
            for found in self._lookups.events(cell, query or "")
            if query is None or found.query == query
        )

    def wait_status(
        self, cell: str, contains: str, deadline: Deadline, *, after: float = 0.0
    ) -> StatusLine | None:
        """The first status line later than `after` that contains the text; case ignored."""

        def probe() -> StatusLine | None:
            wanted = contains.casefold()
            lines = (found for found in self._lookups.status(cell) if found.received_at > after)
            return next((found for found in lines if wanted in found.message.casefold()), None)

        return self._asker.poll(probe, deadline)

    def configure(self, cell: str, configuration: Mapping[str, Any] | str) -> float:
        """Push this configuration; returns the time by this machine's clock."""
        call = self._description.configure or self._asker.lacks("configure")
        value = configuration if isinstance(configuration, str) else dict(configuration)
        now = time.time()
        self._asker.fetch(cell, call, configuration=value)
        return now

    def ask(self, cell: str, sql: str, deadline: Deadline) -> Sequence[Mapping[str, str]] | None:
        """Run a distributed query. Raises `CandidateError` if the agent's status for it is not 0."""
        told = self._description.live_query or self._asker.lacks("live_query")
        answer, known = self._asker.fetch(cell, told.call, sql=sql), {"sql": sql}
        if told.result is not None and told.id is not None:
            result, number = told.result, self._asker.search(cell, told.id, answer, "live_query.id", **known)
            if number is None:
                raise BackendError(f"{self.name} gave no id for a distributed query.")
            known["id"] = number
            answer = self._asker.poll(
                lambda: self._done(cell, self._asker.fetch(cell, result, **known), known), deadline
            )
        if answer is None:
            require_answer(self.name, self.address)
            return None
        status = told.status and self._asker.search(cell, told.status, answer, "live_query.status", **known)
        if status not in (None, 0, "0"):
            message = told.message and self._asker.search(
                cell, told.message, answer, "live_query.message", **known
            )
            raise CandidateError(
                f"Cell {cell}: the agent answered the distributed query {sql!r} with status {status}: "
                f"{message or 'no message'}."
            )
        return read_rows(answer, told.rows, self._asker.values(cell, **known))

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
            "endpoint": lambda: [self._lookups.endpoint(cell, lambda _: True)]
        }
        if BackendFeature.TELEMETRY in self.features:
            sources["event"] = lambda: self.events(cell)
        if BackendFeature.STATUS in self.features:
            sources["status"] = lambda: self._lookups.status(cell)
        for kind, source in sources.items():
            try:
                found = [item.model_dump() if item else {} for item in source()]
            except BackendError as error:
                found = [{"unavailable": str(error)}]
            documents += [{"kind": kind, **item} for item in found]
        write_lines(path, documents, self._asker.hidden)

    def close(self) -> None:
        """Let go of connections. Idempotent."""
        self._transport.close()

    def _done(self, cell: str, answer: Any, known: Mapping[str, Any]) -> Any:
        told = self._description.live_query or self._asker.lacks("live_query")
        done = told.done and self._asker.search(cell, told.done, answer, "live_query.done", **known)
        return answer if done else None

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
