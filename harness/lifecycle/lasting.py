"""What a scenario has done to its machine beyond the step that needs it, and what takes it away again."""

from collections.abc import Callable
from contextlib import suppress

from harness.model.errors import HarnessError


class Lasting:
    """One cell's. Nothing of it may be there any more when the candidate's next step begins."""

    def __init__(self) -> None:
        self._ends: list[Callable[[], object]] = []

    def until_ended(self, by: Callable[[], object]) -> None:
        """Something lasts from now on, and this ends it."""
        self._ends.append(by)

    def end(self) -> None:
        """End all of it, each once. Where that fails, what is looked at next shows what came of it."""
        while self._ends:
            with suppress(HarnessError):
                self._ends.pop()()
