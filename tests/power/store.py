"""What was seen, by candidate, in a folder: a run that is interrupted, or that measures a part, loses nothing."""

import hashlib
from pathlib import Path

from pydantic import TypeAdapter

from harness.files import write_atomically
from tests.power.judgement import Seen

ROOT = Path(__file__).parents[2]
STANDS_ON = (
    "harness",
    "agents",
    "examples/reference_agent",
    "tests/integration/known_bad",
    "tests/integration/unusual_good",
)
JUDGES = {"named.py", "kinds.py", "elsewhere.py", "twins.py"}
"""What only says what a result means."""
SUFFIXES = {".py", ".c", ".h", ".yaml", ".wxs"}
LIST = TypeAdapter(list[Seen])


class Store:
    """One file a candidate; the newest results last."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, candidate: str, code: str = "") -> list[Seen]:
        """What is kept of a candidate; of this code alone if one is given."""
        try:
            kept = LIST.validate_json((self._folder / f"{candidate}.json").read_bytes())
        except (OSError, ValueError):
            return []
        return [each for each in kept if each.code == code] if code else kept

    def add(self, seen: Seen) -> None:
        """Keep one more. What another code was seen to do is let go."""
        kept = [*self.read(seen.candidate, seen.code), seen]
        write_atomically(self._folder / f"{seen.candidate}.json", LIST.dump_json(kept, indent=1))


def code_digest() -> str:
    """Of every source that decides what is seen: results of other sources are older ones."""
    digest = hashlib.sha256()
    for room in STANDS_ON:
        for path in sorted(
            each for each in (ROOT / room).rglob("*") if each.suffix in SUFFIXES and each.name not in JUDGES
        ):
            digest.update(f"{path.relative_to(ROOT)}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]
