"""Who asks."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Caller:
    """Who sent a request, and from where."""

    user: str
    ip: str
