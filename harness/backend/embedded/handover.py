"""One cell's place at a backend, to be taken over by another process on the same port. It holds secrets."""

from harness.backend.interface import Endpoint
from harness.model.base import Frozen


class Handover(Frozen):
    """What another server needs so that the cell's agent goes on as if nothing had happened."""

    cell: str
    host: str
    port: int
    secret: str
    node_keys: dict[str, str]
    """Node key → host identifier."""
    configuration: str
    """As it goes out; latin-1 text, because it may be no valid UTF-8."""
    endpoint: Endpoint | None
