"""`backend.yaml`: a backend of one's own, and where in its answers the facts are. Format: docs/backend.md."""

from pathlib import Path
from typing import Annotated, Generic, Literal, Self, TypeVar

from pydantic import Field, HttpUrl, model_validator

from harness.backend.external.expressions import Expression
from harness.backend.external.placeholders import BodyTemplate, Template
from harness.model.base import Frozen
from harness.model.machine import HostPort

VariableName = Annotated[str, Field(pattern="^[A-Za-z_][A-Za-z0-9_]*$")]
"""A variable of the environment, which holds what no file may."""


class EnvironmentValue(Frozen):
    """A secret, named by the environment variable that holds it."""

    env: VariableName
    prefix: str = Field(default="", description="put before the value, e.g. 'Bearer '")


class HttpCall(Frozen):
    """One HTTP request whose answer is JSON."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "GET"
    path: Template = Field(description="appended to `url`; placeholders are URL-quoted")
    params: dict[str, Template] = Field(default_factory=dict)
    body: BodyTemplate = None
    absent: tuple[int, ...] = Field(default=(404,), description="status codes that mean: not there (yet)")
    lines: bool = Field(
        default=False,
        description="the answer is one JSON document a line; by default as its Content-Type says",
    )


class CommandCall(Frozen):
    """One run of a program whose standard output is JSON."""

    argv: tuple[Template, ...] = Field(min_length=1)
    stdin: BodyTemplate = None
    absent: tuple[int, ...] = Field(default=(), description="exit codes that mean: not there (yet)")
    lines: bool = Field(default=False, description="the output is one JSON document a line")


C = TypeVar("C", HttpCall, CommandCall)


class EnrolmentSource(Frozen, Generic[C]):
    """Where an enrolment secret comes from, and what agents are to trust."""

    secret: EnvironmentValue | None = None
    call: C | None = Field(default=None, description="asked once per cell when it is admitted")
    secret_field: Expression | None = None
    ca_file: Path | None = Field(default=None, description="PEM; relative to this file")
    server_cert_sha256: str = Field(default="", pattern="^([0-9a-f]{64})?$")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.secret is None) == (self.call is None):
            raise ValueError("give either secret or call")
        if (self.call is None) != (self.secret_field is None):
            raise ValueError("call and secret_field go together")
        return self


class EndpointFields(Frozen):
    """Where in the found item an endpoint's facts are. One of the two times is required.

    A check that needs what is left out is not applicable.
    """

    host_identifier: Expression
    version: Expression | None = None
    hostname: Expression | None = None
    uuid: Expression | None = None
    os_version: Expression | None = None
    enrolled_at: Expression | None = None
    last_seen: Expression | None = None
    enrolments: Expression | None = None

    @model_validator(mode="after")
    def _some_time(self) -> Self:
        if self.enrolled_at is None and self.last_seen is None:
            raise ValueError(
                "enrolled_at or last_seen is required: without a time an endpoint of an earlier run passes"
            )
        return self


class Paging(Frozen):
    """How a list goes on: `{page}` in the call is `first`, then what `next` finds in each answer, until nothing."""

    first: str = ""
    next: Expression


class EndpointLookup(Frozen, Generic[C]):
    """Finds the cell's endpoint: `item` is null while it has not enrolled.

    Or `items` lists endpoints: the cell's is the one whose `host_identifier` is `{identity}`, case ignored; of several
    the latest.
    """

    call: C
    paging: Paging | None = None
    item: Expression | None = None
    items: Expression | None = None
    fields: EndpointFields

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if self.item is not None and self.items is not None:
            raise ValueError("give either item or items")
        return self


class EventFields(Frozen):
    """Where in each item an event's facts are. Without `query`, every item is of the query asked for."""

    columns: Expression = Field(description="an object: column → value")
    query: Expression | None = None
    action: Expression | None = Field(
        default=None, description="added, removed or snapshot; without it, all are added"
    )
    host_identifier: Expression | None = None
    received_at: Expression | None = None


class EventLookup(Frozen, Generic[C]):
    """Lists the cell's events."""

    call: C
    paging: Paging | None = None
    items: Expression
    fields: EventFields


class StatusFields(Frozen):
    """Where in each item a status line's facts are."""

    message: Expression
    severity: Expression | None = None
    version: Expression | None = None
    received_at: Expression | None = None


class StatusLookup(Frozen, Generic[C]):
    """Lists the cell's status lines."""

    call: C
    paging: Paging | None = None
    items: Expression
    fields: StatusFields


class LiveQueryCall(Frozen, Generic[C]):
    """Runs a distributed query: at once, or started (`id`) and asked for (`result`) until `done`."""

    call: C
    id: Expression | None = None
    result: C | None = None
    done: Expression | None = Field(default=None, description="true once the answer is there")
    rows: Expression
    status: Expression | None = None
    message: Expression | None = None

    @model_validator(mode="after")
    def _both_steps(self) -> Self:
        if len({self.id is None, self.result is None, self.done is None}) != 1:
            raise ValueError("id, result and done go together")
        return self


class Described(Frozen, Generic[C]):
    """What every external backend has. What is left out, the backend does not offer."""

    schema_version: Literal[1]
    name: str = Field(pattern="^[a-z][a-z0-9-]*$")
    address: HostPort = Field(description="where the machines' only way out leads: the agents' endpoint")
    poll_s: float = Field(default=1.0, gt=0, le=60)
    request_timeout_s: float = Field(default=10.0, gt=0, le=600)
    clock_skew_s: float = Field(default=0.0, ge=0, le=300, description="how far its clock may be behind")
    time_unit: Literal["s", "ms"] = Field(default="s", description="of times given as numbers")
    enrolment: EnrolmentSource[C]
    endpoint: EndpointLookup[C]
    events: EventLookup[C] | None = None
    status: StatusLookup[C] | None = None
    configure: C | None = None
    live_query: LiveQueryCall[C] | None = None


class ClientCertificate(Frozen):
    """By what the harness is known to an interface that asks for a certificate (mutual TLS). Paths: to this file."""

    file: Path = Field(
        description="PEM: the certificate, those above it, and its key where `key` is not given"
    )
    key: Path | None = Field(default=None, description="PEM: its private key")
    password: EnvironmentValue | None = Field(default=None, description="of an encrypted key")


class HttpDescription(Described[HttpCall]):
    """A backend with an HTTP interface for its operators."""

    kind: Literal["http"]
    url: HttpUrl
    headers: dict[str, EnvironmentValue | str] = Field(default_factory=dict)
    ca_file: Path | None = Field(default=None, description="trust this for `url`; PEM, relative to this file")
    client_cert: ClientCertificate | None = Field(
        default=None, description="shown to `url` where it asks for one"
    )


class CommandDescription(Described[CommandCall]):
    """A backend that a program knows how to ask."""

    kind: Literal["command"]
    secret_environment: tuple[VariableName, ...] = Field(
        default=(), description="variables the program needs; values are masked"
    )
