"""What checks may ask of any backend."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from harness.model.base import Frozen
from harness.model.deadline import Deadline
from harness.model.machine import HostPort


class BackendFeature(StrEnum):
    """What a backend may or may not offer; a check that needs an absent one is not applicable."""

    TELEMETRY = "telemetry"
    STATUS = "status"
    HEARTBEAT = "heartbeat"
    CONFIGURE = "configure"
    LIVE_QUERY = "live-query"
    FAULTS = "faults"


class Fact(StrEnum):
    """What a backend may not know of what it received; a check that needs it is not applicable then."""

    VERSION = "endpoint.fields.version"
    HOSTNAME = "endpoint.fields.hostname"
    UUID = "endpoint.fields.uuid"
    ACTION = "events.fields.action"
    EVENT_TIME = "events.fields.received_at"
    STATUS_TIME = "status.fields.received_at"


class Enrolment(Frozen):
    """What a cell's agent needs in order to check in."""

    secret: str
    ca_pem: str
    server_cert_sha256: str


class Endpoint(Frozen):
    """One endpoint as the backend knows it. Times are seconds since the epoch, by the backend's clock."""

    cell: str
    host_identifier: str
    version: str
    hostname: str = ""
    uuid: str = ""
    os_version: str = ""
    enrolled_at: float
    last_seen: float
    enrolments: int = 1


class Said(Frozen):
    """What the sender says of an event or status line, where it says it. Its times are by its own clock."""

    host_identifier: str = ""
    unix_time: int | None = None
    calendar_time: str = ""
    decorations: Mapping[str, str] = {}
    note: str = ""
    """What the backend had to mend before it could keep this."""


class Event(Said):
    """One result row. `action`: added or removed, or snapshot for a query whose results are sent whole."""

    cell: str
    query: str
    action: str
    columns: Mapping[str, str]
    epoch: int | None = None
    counter: int | None = None
    numerics: bool = False
    received_at: float


class StatusLine(Said):
    """One status log line."""

    cell: str
    severity: int = 0
    message: str
    version: str = ""
    filename: str = ""
    line: int | None = None
    received_at: float


class ProtocolError(Frozen):
    """A request that is not of the API. `cell` is empty where the request did not let a cell be named."""

    cell: str = ""
    method: str
    path: str
    message: str
    received_at: float


class Refusal(Frozen):
    """A well-formed request that was refused: wrong enrolment secret, unknown or old node key."""

    cell: str = ""
    path: str
    reason: str
    received_at: float


class FaultKind(StrEnum):
    """What an embedded backend can be told to do wrong."""

    DROP = "drop"  # close the connection without an answer
    DELAY = "delay"  # answer after `seconds`
    ERROR_500 = "error-500"
    BAD_GATEWAY = "bad-gateway"  # answer 502 with a page for people, as a proxy does
    NODE_INVALID = "node-invalid"  # answer {"node_invalid": true} once per request
    REFUSED = "refused"  # the same to an enrolment
    FORBIDDEN = "forbidden"  # answer 403
    MUTE = "mute"  # take the request and never answer, nor close the connection


class Backend(Protocol):
    """One interface for checks. `cell` is always the cell's id. Every wait takes a deadline."""

    @property
    def name(self) -> str: ...
    @property
    def features(self) -> frozenset[BackendFeature]: ...
    def ignorance(self, fact: Fact) -> str:
        """Why the backend cannot tell this; empty if it can."""
        ...

    @property
    def address(self) -> HostPort:
        """Host-side address that a machine's only way out must lead to."""
        ...

    def admit(self, cell: str, configuration: Mapping[str, Any] | None) -> Enrolment:
        """Make ready for a cell: its own secret and first configuration. A second call starts afresh."""
        ...

    def identify(self, cell: str, identity: str) -> None:
        """Say which host identifier the cell's machine will use.

        The embedded backend knows a cell by its secret and needs no word; an external one, where machines may
        share a secret, finds the endpoint by it (`{identity}`). Until it is called it is the cell's id.
        """
        ...

    def wait_enrolled(self, cell: str, deadline: Deadline, *, after: float = 0.0) -> Endpoint | None:
        """The cell's endpoint once it has enrolled later than `after`; None when the deadline passes."""
        ...

    def wait_seen(self, cell: str, deadline: Deadline, *, after: float) -> Endpoint | None:
        """The endpoint once it was seen later than `after` (any authenticated request); None on deadline."""
        ...

    def wait_event(
        self,
        cell: str,
        query: str,
        columns: Mapping[str, str],
        deadline: Deadline,
        *,
        action: str | None = "added",
    ) -> Event | None:
        """The first event whose columns match (leading `~`: contains; case ignored); None on deadline.

        `action`: added, removed or snapshot; None for any.
        """
        ...

    def events(self, cell: str, query: str | None = None) -> Sequence[Event]: ...

    def wait_status(
        self, cell: str, contains: str, deadline: Deadline, *, after: float = 0.0
    ) -> StatusLine | None: ...

    def configure(self, cell: str, configuration: Mapping[str, Any] | str) -> float:
        """Serve this configuration from now on (raw text: an invalid one); returns the time."""
        ...

    def ask(self, cell: str, sql: str, deadline: Deadline) -> Sequence[Mapping[str, str]] | None:
        """A distributed query's rows, or None on deadline. Raises `CandidateError` if its status is not 0."""
        ...

    def misbehave(self, cell: str, kind: FaultKind, *, times: int = 1, seconds: float = 0.0) -> None: ...

    def wait_recovered(self, cell: str, deadline: Deadline) -> Endpoint | None:
        """The endpoint once each fault was suffered and a later request served; None on deadline."""
        ...

    def protocol_errors(self, cell: str) -> Sequence[ProtocolError]:
        """Malformed requests since the cell was admitted: the cell's own and those of no known cell."""
        ...

    def refusals(self, cell: str) -> Sequence[Refusal]:
        """Refused requests since the cell was admitted: the cell's own and those of no known cell."""
        ...

    def credentials(self, cell: str) -> frozenset[str]:
        """What the backend gave the cell's agents to show from then on: to be masked in whatever they leave."""
        ...

    def export(self, cell: str, path: Path) -> None:
        """Write everything received for the cell as evidence: JSON Lines, secrets masked."""
        ...

    def close(self) -> None: ...
