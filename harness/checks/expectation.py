"""How every check words a failure: what was expected of the candidate, and what was found instead."""

from collections.abc import Iterable

from harness.cell.session import CellSession
from harness.checks.excuses import some
from harness.guest.msi.result import MsiResult


def mismatch(expected: object, found: object) -> str:
    """`Expected: … Found: …`, each part a sentence of its own."""
    return f"Expected: {_sentence(expected)} Found: {_sentence(found)}"


def listed(names: Iterable[str]) -> str:
    """The first names in their order, and how many more there are; `none` for none of them."""
    return some(sorted(names)) or "none"


def told(cell: CellSession, result: MsiResult) -> str:
    """How an installer ended, in words: exit code, action, service, error. What its log says goes to the details."""
    if result.log_excerpt:
        cell.note("its log", result.log_excerpt)
    return f"it ended with {result.exit_code}: {result.meaning.text}. {result.log_words}".rstrip(" .")


def note_children(cell: CellSession, result: MsiResult) -> None:
    """What was awaited after the installer's own end: the program that did the work may be one of these."""
    if result.children:
        ended = (
            f"{child.path.rpartition(chr(92))[2]} ended with {child.exit_code}" for child in result.children
        )
        cell.note("awaited after its end", ", ".join(ended))


def _sentence(part: object) -> str:
    text = str(part).strip()
    return text if text.endswith((".", "…")) else f"{text}."
