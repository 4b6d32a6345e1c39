"""How calls reach a backend that the harness did not start."""

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar

from harness.model.errors import BackendError

CallT = TypeVar("CallT", contravariant=True)


class Unavailable(BackendError):
    """The backend did not answer this time: asked again until the deadline."""


class Transport(Protocol[CallT]):
    """How one call is made."""

    @property
    def secrets(self) -> frozenset[str]:
        """What must never be shown."""
        ...

    def fetch(self, call: CallT, values: Mapping[str, Any], timeout_s: float) -> Any:
        """The answer's JSON; None if what was asked for is not there.

        Raises `Unavailable` for what may pass, `BackendError` for what will not.
        """
        ...

    def close(self) -> None: ...
