"""What a query that is answered otherwise each second was answered with the first time, and when."""

import time
from dataclasses import dataclass, field


@dataclass
class Moving:
    """The first answers of one cell, by the text of their query."""

    first: dict[str, tuple[str, float]] = field(default_factory=dict)

    def note(self, sql: str, value: str) -> None:
        """Remember it, if it is the first."""
        self.first.setdefault(sql, (value, time.monotonic()))

    def since_s(self, sql: str) -> float:
        """Seconds since the first answer; none was given yet: endless."""
        known = self.first.get(sql)
        return time.monotonic() - known[1] if known else float("inf")
