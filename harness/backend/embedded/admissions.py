"""The two doors of the journal in one: the checks' and the agents'."""

from harness.backend.embedded.agents_door import AgentsDoor
from harness.backend.embedded.checks_door import ChecksDoor


class Admissions(ChecksDoor, AgentsDoor):
    """The cells that are admitted. Thread-safe."""
