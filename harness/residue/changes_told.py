"""The changes of a machine as rows of the tree that people read: whose each is, and since when. Pure."""

from collections.abc import Iterable, Iterator

from harness.reports.machine_tree import Row
from harness.residue.attribution import Attributed
from harness.residue.change import Change, Kind, Where

CANDIDATES = "the candidate's"
AGENTS_OWN = "the agent's own, by its profile"
LOOKED_AT = "looked at by another check, or the harness's own"
SINCE_INSTALL = "since the installation"
SINCE_USE = "since it was used, or its uninstall"
GONE = "there after the installation, undone at the end"
DEFAULT = "(default)"

Key = tuple[Where, Kind, str]


def rows_of(
    at_install: Iterable[Change], at_end: Iterable[Change], found: Attributed, *, ended: bool = False
) -> list[Row]:
    """Every change of both looks once. `ended`: whether the second look was taken, so that what it lacks is undone.

    `found`: what is known of the changes of the last look; what it does not name, no check of the machine judges.
    """
    whose = dict(_whose(found))
    first, last = {_key(each): each for each in at_install}, {_key(each): each for each in at_end}
    bad = {_key(each) for each in found.candidate}
    rows = []
    for key, change in (first | last).items():
        undone = ended and key not in last
        since = GONE if undone else SINCE_INSTALL if key in first else SINCE_USE
        who = LOOKED_AT if undone else whose.get(key, LOOKED_AT)
        rows.append(_row(change, who, since, is_bad=not undone and key in bad))
    return rows


def _key(change: Change) -> Key:
    return change.where, change.kind, change.name


def _whose(found: Attributed) -> Iterator[tuple[Key, str]]:
    for change in found.candidate:
        yield _key(change), CANDIDATES
    for change in found.noise:
        yield _key(change), "the system's own noise: a machine without the candidate shows it, too"
    for change in found.by_pattern:
        yield _key(change), "the system's own noise, by the form of its name"
    for keep, change in found.declared:
        yield _key(change), f"may stay: {keep.reason}"
    for reason, change in found.substrates:
        yield _key(change), f"the substrate's: {reason}"
    for change in found.agents_own:
        yield _key(change), AGENTS_OWN


def _row(change: Change, whose: str, since: str, *, is_bad: bool) -> Row:
    path = tuple(part for part in change.path.split("\\") if part)
    if change.value is not None:
        path = (*path, change.value or DEFAULT)
    return Row(
        path=path,
        what=_what(change),
        whose=whose,
        since=since,
        is_bad=is_bad,
        size=change.size,
        owner=change.owner,
        modified_s=change.modified_s,
    )


def _what(change: Change) -> str:
    match change.kind:
        case Kind.ADDED:
            return f"added: {change.now}" if change.now else "added"
        case Kind.REMOVED:
            return f"removed: {change.was}" if change.was else "removed"
        case Kind.CHANGED:
            return f"changed: {change.was} → {change.now}"
