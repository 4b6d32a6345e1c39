"""What no verdict depends on, done as far as it can be; what could not be done is remembered in words."""

from collections.abc import Iterator
from contextlib import contextmanager

from harness.model.errors import HarnessError


class BestEffort:
    """`with best_effort("collected: the agent's logs"): …`: a failure is noted, and the cell goes on to its report."""

    def __init__(self) -> None:
        self.missing: list[str] = []
        """A sentence for each thing that could not be done, not masked."""

    @contextmanager
    def __call__(self, what: str) -> Iterator[None]:
        """Do what is in the block. `what` completes the sentence "Not …"."""
        try:
            yield
        # An unforeseen one too: the checks have spoken, and a defect in what comes after them (a disk that a parser
        # does not understand, an answer of an external backend) must not take a candidate's failure off the record.
        except Exception as error:  # noqa: BLE001 - as said above
            words = str(error) if isinstance(error, HarnessError) else f"{type(error).__name__}: {error}"
            self.missing.append(f"Not {what}: {words}")
