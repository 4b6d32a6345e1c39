"""A mistake in a file, by its place in the document."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

Path = tuple[str | int, ...]
"""Keys and indexes from the document's root."""


@dataclass(frozen=True)
class Problem:
    """What is wrong at `path`, and what to do about it. `at_key`: the key itself is wrong, not its value."""

    path: Path
    message: str
    hint: str = ""
    at_key: bool = False

    @property
    def sentence(self) -> str:
        """Place, message and advice, for a document that has no lines."""
        return " ".join(
            filter(None, (f"{self.dotted}: {self.message}" if self.path else self.message, self.hint))
        )

    @property
    def dotted(self) -> str:
        """`pools.lab.hosts[0]`."""
        text = ""
        for part in self.path:
            if isinstance(part, str) and not part.isprintable():
                part = repr(part)[1:-1]  # a key may hold anything, and a message is one line
            text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
        return text


def nearest(name: str, known: Sequence[str], *, label: str = "Known") -> str:
    """A hint: the nearest known name, else all of them."""
    close = get_close_matches(name, known, n=1)
    if close:
        return f"Did you mean {close[0]!r}?"
    return f"{label}: {', '.join(known)}." if known else ""
