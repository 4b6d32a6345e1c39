"""How the checks of the whole machine put on record what they do not hold against the candidate."""

from collections.abc import Iterable

from harness.cell.session import CellSession
from harness.checks.excuses import some
from harness.lifecycle.whole_machine import WholeMachine
from harness.model.report import ExcusedBy
from harness.residue.attribution import Attributed
from harness.residue.change import Change, Where


def put_on_record(cell: CellSession, found: Attributed, where: Where) -> None:
    """What the sham run, the profile and the substrate answer for."""
    _note_noise(cell, found, where)
    _excuse_declared(cell, found, where)
    substrates: dict[str, list[str]] = {}
    for reason, change in found.substrates:
        if change.where is where:
            substrates.setdefault(reason, []).append(change.name)
    for reason, names in substrates.items():
        cell.excuse(some(names), reason, by=ExcusedBy.SUBSTRATE)


def without_noise(cell: CellSession, whole: WholeMachine, new: frozenset[str]) -> frozenset[str]:
    """What is new, in lower case, without what a machine without the candidate has, too: that is put on record."""
    noise = whole.noise_among(new)
    if noise:
        cell.note("subtracted as noise (sham run)", f"{len(noise)}: {some(noise)}")
    return new - frozenset(noise)


def _note_noise(cell: CellSession, found: Attributed, where: Where) -> None:
    """What was subtracted, because a machine without the candidate shows it, too."""
    names = words_of(each for each in found.noise if each.where is where)
    if names:
        cell.note("subtracted as noise (sham run)", f"{len(names)}: {some(names)}")
    drawn = words_of(each for each in found.by_pattern if each.where is where)
    if drawn:
        cell.note("of these by the form of their names alone", f"{len(drawn)}: {some(drawn)}")


def _excuse_declared(cell: CellSession, found: Attributed, where: Where) -> None:
    """What the profile gives a reason for."""
    by_reason: dict[tuple[str, str, str], int] = {}
    for keep, change in found.declared:
        if change.where is where:
            key = (keep.kind, keep.path, keep.reason)
            by_reason[key] = by_reason.get(key, 0) + 1
    for (kind, path, reason), count in by_reason.items():
        cell.excuse(f"{kind} {path} ({count} found)", f"may stay: {reason}")


def words_of(changes: Iterable[Change]) -> list[str]:
    """A sentence per change; a folder or key goes without one where something in it says the same."""
    found = list(changes)
    within = {(each.kind, each.path.lower()) for each in found if each.value is not None}
    within |= {(each.kind, each.name.rpartition("\\")[0]) for each in found if each.where is Where.FILE}
    return [each.words for each in found if each.value is not None or (each.kind, each.name) not in within]
