"""What the backend knows of one cell from one `admit` to the next."""

import json
import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.backend.embedded.bodies import Answer
from harness.backend.embedded.enrolment_trial import EnrolmentTrial
from harness.backend.interface import Endpoint, FaultKind

DROPPED = 5
"""In an outage each fifth request meets a closed connection instead of an error."""
SILENT_S = 1.0
"""A pause between two signs of life that is shorter is not kept."""
DOWN_S = 1.0
"""For so long after the first request of an outage every one does: an agent may have pauses for errors alone."""


@dataclass(frozen=True)
class PendingFault:
    """One request's worth of misbehaviour."""

    kind: FaultKind
    seconds: float = 0.0


@dataclass
class Admission:
    """One cell from one `admit` to the next."""

    cell: str
    secret: str
    number: int  # of its item in the store: what is older belongs to an earlier admission
    configuration: bytes
    endpoint: Endpoint | None = None
    questions: dict[str, str] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)  # every query ever asked, by id
    answered_again: list[str] = field(default_factory=list)  # queries whose answer came once more
    addresses: set[str] = field(default_factory=set)  # of requests with more than a path
    answers: dict[str, Answer] = field(default_factory=dict)
    arriving: dict[str, Answer] = field(default_factory=dict)
    faults: deque[PendingFault] = field(default_factory=deque)
    requests: Counter[str] = field(default_factory=Counter)
    sent_bytes: int = 0  # of the bodies of requests that were served
    heard_at: float | None = None  # when the first request was served
    admitted_at: float = field(default_factory=time.time)
    trial: EnrolmentTrial | None = None
    turned_away: list[float] | None = None  # when enrolments failed while nobody is let in
    silences: list[tuple[float, float]] = field(default_factory=list)  # from one sign of life to the next
    outage: list[float] | None = None  # when requests failed in an outage that goes on
    errors: int = 0  # answers so far that were an error, in all outages
    body_held_s: float = 0.0  # the longest wait for a body that its head had denied
    body_awaited_s: float = 0.0  # the same of a body that never came
    key_used: bool = True  # the newest node key was shown, and its holder not taken away since
    abandoned: int = 0  # node keys that were never shown before the next one was asked for
    recovered: bool = True  # a request was served after the last fault asked for


@dataclass(frozen=True)
class Key:
    """Whose a node key is."""

    admission: Admission
    host_identifier: str


def as_served(configuration: Mapping[str, Any] | str | None) -> bytes:
    """A configuration as it goes over the wire; text goes out as it is, so that it may be invalid."""
    if isinstance(configuration, str):
        return configuration.encode()
    return json.dumps(dict(configuration or {})).encode()
