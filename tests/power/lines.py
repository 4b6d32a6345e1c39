"""The lines of the catch table, each with every candidate that shows it."""

from collections.abc import Iterator

from harness.checks.catalogue import catalogue
from tests.integration.known_bad.candidates import BAD
from tests.integration.known_bad.kinds import KINDS, WITHOUT_DEFECT
from tests.integration.known_bad.named import OTHER, Named


def in_candidates() -> Iterator[tuple[Named, str]]:
    """Each line with every candidate that shows it; then what a candidate must trip and no line names."""
    named = list(_named())
    yield from named
    told = {(candidate, each.check) for each, candidate in named}
    titles = {check.id: check.title for check in catalogue()}
    for candidate, bad in BAD.items():
        for check in bad.caught:
            if (candidate, check) not in told:
                yield Named("", OTHER, check, what=f"the opposite of: {titles.get(check, check)}"), candidate


def _named() -> Iterator[tuple[Named, str]]:
    for named in KINDS:
        for candidate, bad in BAD.items():
            if named.check not in bad.caught:
                continue
            if named.defect in bad.defects or WITHOUT_DEFECT.get(named.defect) == candidate:
                yield named, candidate


def words_of(named: Named, candidate: str) -> str:
    """The regular expression that the message must match."""
    return named.words or BAD[candidate].caught[named.check]
