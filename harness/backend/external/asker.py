"""Asks a backend that the harness did not start: one call, all pages of a list, or again and again until a deadline."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Generic, NoReturn, TypeVar

import tenacity

from harness.backend.external.expressions import search
from harness.backend.external.model import C, Described, EndpointLookup, EventLookup, StatusLookup
from harness.backend.external.reading import read_items
from harness.backend.external.transport import Transport, Unavailable
from harness.backend.reachable import require_answer
from harness.model.deadline import Deadline
from harness.model.errors import BackendError
from harness.model.masking import mask

T = TypeVar("T")

PAGES = 1000
"""A list with more is taken for one whose next page is itself."""


@dataclass
class Admitted:
    """A cell that the backend may hear of. Times are seconds since the epoch, by this machine's clock."""

    secret: str
    since: float
    identity: str
    """What `{identity}` stands for."""
    first_seen: float | None = None


class Asker(Generic[C]):
    """Calls of one description over one transport, with what placeholders stand for in each cell."""

    def __init__(self, description: Described[C], transport: Transport[C], file: Path) -> None:
        self.description: Described[C] = description
        self.file = file
        self._transport: Transport[C] = transport
        self._cells: dict[str, Admitted] = {}
        self._given: set[str] = set()

    def admit(self, cell: str) -> Admitted:
        """Begin a cell: what is older than this call is none of its own."""
        self._cells[cell] = admitted = Admitted("", time.time(), cell)
        return admitted

    def give(self, admitted: Admitted, secret: str) -> None:
        """Give a cell its enrolment secret, which errors and evidence then hide."""
        admitted.secret = secret
        self._given.add(secret)

    @property
    def hidden(self) -> frozenset[str]:
        """Texts that no error and no evidence may hold."""
        return self._transport.secrets | self._given

    def of(self, cell: str) -> Admitted:
        """The admitted cell. Raises `BackendError` for another."""
        try:
            return self._cells[cell]
        except KeyError:
            raise BackendError(f"Cell {cell} was never admitted to {self.description.name}.") from None

    def is_fresh(self, cell: str, at: float) -> bool:
        """Whether what happened at `at` can be of this cell, as far as the two clocks agree."""
        return at >= self.of(cell).since - self.description.clock_skew_s

    def values(self, cell: str, **further: Any) -> dict[str, Any]:
        """What placeholders stand for in this cell's calls; `further` ones beside them."""
        admitted = self.of(cell)
        return {
            "cell": cell,
            "identity": admitted.identity,
            "secret": admitted.secret,
            "since": f"{admitted.since:.3f}",
            "since_iso": datetime.fromtimestamp(admitted.since, UTC).isoformat(timespec="milliseconds"),
            **further,
        }

    def fetch(self, cell: str, call: C, **further: Any) -> Any:
        """The answer to one call. Raises `BackendError`, without secrets."""
        values = self.values(cell, **further)
        try:
            return self._transport.fetch(call, values, self.description.request_timeout_s)
        except BackendError as error:
            raise type(error)(mask(error.message, self.hidden), hint=error.hint) from None

    def search(self, cell: str, expression: str, answer: Any, key: str, **further: Any) -> Any:
        """What an expression of the description finds in an answer; `key`: where it stands in the file."""
        return search(expression, answer, key, self.values(cell, **further))

    def answers(
        self,
        cell: str,
        told: EndpointLookup[C] | EventLookup[C] | StatusLookup[C],
        key: str,
        **further: Any,
    ) -> Iterator[Any]:
        """The answer to a call, or one after another of its pages."""
        page: Any = told.paging.first if told.paging else ""
        for _ in range(PAGES):
            answer = self.fetch(cell, told.call, page=page, **further)
            if answer is None:
                return
            yield answer
            following = told.paging and self.search(cell, told.paging.next, answer, f"{key}.paging.next")
            if following in (None, "", False):
                return
            page = following
        raise BackendError(
            f"{self.description.name} has more than {PAGES} pages at {key}.", hint="Is paging.next right?"
        )

    def items(
        self, cell: str, told: EventLookup[C] | StatusLookup[C], key: str, **further: Any
    ) -> Iterator[Any]:
        """The items of a list, page after page."""
        values = self.values(cell, **further)
        for answer in self.answers(cell, told, key, **further):
            yield from read_items(answer, told.items, f"{key}.items", values)

    def poll(self, probe: Callable[[], T | None], deadline: Deadline) -> T | None:
        """Ask until there is something; on deadline None, or the error if the last attempt got no answer.

        None is said of the agent only if its endpoint was there to be talked to.
        """
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_result(lambda found: found is None)
            | tenacity.retry_if_exception_type(Unavailable),
            stop=lambda _state: deadline.passed,
            wait=lambda _state: deadline.cap(self.description.poll_s),
            retry_error_callback=_last,
        )
        found = retrying(probe)
        if found is None:
            require_answer(self.description.name, self.description.address)
        return found

    def lacks(self, key: str) -> NoReturn:
        """Raises `BackendError`: the description does not say `key`."""
        raise BackendError(
            f"{self.description.name} does not offer this: {key} is not described in {self.file.name}."
        )


def _last(state: tenacity.RetryCallState) -> Any:
    return state.outcome.result() if state.outcome else None
