"""What was seen of an earlier release before the candidate took its place."""

from dataclasses import dataclass, field

from harness.backend.interface import Endpoint
from harness.lifecycle.footprint import Footprint
from harness.model.candidate import Candidate
from harness.model.release import ReleaseName


@dataclass
class Earlier:
    """Filled step by step while the scenario comes to its candidate."""

    name: ReleaseName
    release: Candidate
    endpoint: Endpoint | None = None
    """As the backend knew it; None where the scenario did not wait for its check-in."""
    replaced_at: float = 0.0
    """When the candidate's installer was started, in seconds since the epoch."""
    footprint: Footprint | None = None
    """What it took of the machine after its use; None where the scenario does not ask."""
    installed_s: float = 0.0
    """How long its installer took."""
    services: frozenset[str] = frozenset()
    """Those that it makes and that the profile names, in lower case: what administrators could set something on."""
    provoked: dict[str, str] = field(default_factory=dict)
    """The columns of that event; empty where none was provoked."""
