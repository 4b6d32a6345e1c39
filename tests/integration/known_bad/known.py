"""What a known-bad candidate is."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class KnownBad:
    """One candidate, the phases of its cell, and what the gate must say: check id → words of its message."""

    defects: frozenset[str]
    phases: tuple[str, ...]
    caught: dict[str, str]
    steps: str = ""
    """Instead of phases, the steps of the long form; the earlier release is the good agent's 0.9.0."""
    scenario: str = ""
    """Instead of both, one that ships in `matrix.yaml`."""
    profile: dict[str, Any] = field(default_factory=dict)
    """Changes to the profile, by dotted path."""
    damaged: bool = False
    """Whether bytes of its cabinet are changed once it is built and signed."""
