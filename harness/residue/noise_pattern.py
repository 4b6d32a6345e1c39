r"""Noise whose names are drawn anew on each machine: recognised by what the sham run's names have in common; pure.

A pattern is learnt, never written by hand: at least `FEWEST` new names that are the same but for parts that are plainly
drawn by chance (digits, hexadecimal digits, letters mixed with digits). It covers what is *new* alone: what is changed
or gone was in the image, where its name is the same on every machine. It never covers what may be run, nor places that
decide over other programs. In doubt a change is told. A candidate that hides in a noisy folder has to draw names of the
same form, alphabet, length and size, by the same owner.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.residue.change import Change, Kind, Where

FEWEST = 3
"""New names of one form from which a pattern is learnt."""
VARIED = 3
"""A part belongs to the form where it has at most one value for so many names."""
SIZES = 8
"""How many times smaller or larger than the sham run's a file may be."""
SHORTEST_HEX, SHORTEST_MIXED = 4, 6
RUNS = re.compile(
    r"\.(?:exe|dll|sys|ocx|cpl|scr|com|msi|msp|cab|drv|bat|cmd|ps1|psm1|vbs|vbe|js|jse|wsf|hta|lnk|url|reg|inf|cat|job)$"
)
"""What may be run, or decides what is."""
NEVER = re.compile(
    r"^(?:c:\\windows\\(?:system32|syswow64)\\(?:drivers|tasks|grouppolicy|wbem)\\"
    r"|hk(?:lm|cu)\\(?:software\\(?:wow6432node\\)?)?(?:policies|classes|microsoft\\systemcertificates)\\"
    r"|hklm\\system\\.*\\(?:services|lsa|safeboot|session manager)\\"
    r"|.*\\(?:run|runonce|runservices|image file execution options|winlogon|start menu|startup)\\)"
)
"""Places that decide over other programs: there each name counts."""
TOKENS = re.compile(r"[^\W_]+")
ALPHABETS = {"digits": "[0-9]", "hex": "[0-9a-f]", "mixed": "[0-9a-z]"}


@dataclass(frozen=True)
class Pattern:
    """One form of names that a machine without the candidate draws by chance."""

    form: "re.Pattern[str]"
    where: Where
    smallest: int
    largest: int
    owners: frozenset[str]

    def covers(self, change: Change) -> bool:
        """Whether a change is like those from which this was learnt."""
        if (
            not _may_be_drawn(change)
            or change.where is not self.where
            or not self.form.fullmatch(change.name)
        ):
            return False
        size = change.size or 0
        fits = self.smallest // SIZES <= size <= max(1, self.largest) * SIZES
        return fits and (change.owner in self.owners)


def learn(noise: Iterable[Change]) -> list[Pattern]:
    """All patterns of a sham run's changes."""
    alike: dict[tuple[object, ...], list[Change]] = defaultdict(list)
    for change in {each.name: each for each in noise if _may_be_drawn(each)}.values():
        is_folder = change.where is Where.FILE and not change.sha256
        alike[change.where, is_folder, tuple(TOKENS.split(change.name))].append(change)
    return [
        pattern
        for group in alike.values()
        for part in _split(group)
        if (pattern := _pattern(part)) is not None
    ]


def _may_be_drawn(change: Change) -> bool:
    return change.kind is Kind.ADDED and not RUNS.search(change.name) and not NEVER.match(change.name)


def _split(group: Sequence[Change]) -> list[list[Change]]:
    """Apart by the parts that have few values: folders, words, suffixes."""
    if len(group) < FEWEST:
        return []
    columns = list(zip(*(TOKENS.findall(each.name) for each in group), strict=True))
    fixed = [at for at, column in enumerate(columns) if len(set(column)) * VARIED <= len(group)]
    parts: dict[tuple[str, ...], list[Change]] = defaultdict(list)
    for number, change in enumerate(group):
        parts[tuple(columns[at][number] for at in fixed)].append(change)
    if len(parts) == 1:
        return [list(group)]
    return [part for each in parts.values() for part in _split(each)]


def _pattern(group: Sequence[Change]) -> Pattern | None:
    """What they have in common; None where a part that differs is not plainly drawn by chance."""
    names = [each.name for each in group]
    between = TOKENS.split(names[0])
    form = [re.escape(between[0])]
    varied = False
    for column, separator in zip(
        zip(*(TOKENS.findall(name) for name in names), strict=True), between[1:], strict=True
    ):
        if len(set(column)) == 1:
            part = re.escape(column[0])
        elif drawn := _drawn(column):
            part, varied = drawn, True
        else:
            return None
        form += [part, re.escape(separator)]
    if not varied:
        return None
    sizes = [each.size or 0 for each in group]
    owners = frozenset(each.owner for each in group)
    return Pattern(re.compile("".join(form)), group[0].where, min(sizes), max(sizes), owners)


def _drawn(values: Sequence[str]) -> str:
    """The expression for a part that chance has drawn; empty where it may be a word.

    Before a part's first digit a word may stand: `msi1a2b`, `tmp0042`. It is the same in all.
    """
    head = _common_word(values)
    tails = [value[len(head) :] for value in values]
    text, lengths = "".join(tails), {len(tail) for tail in tails}
    length = f"{{{min(lengths)},{max(lengths)}}}"
    with_digit = sum(any(each.isdigit() for each in tail) for tail in tails)
    if text.isdigit() and text.isascii():
        return f"{re.escape(head)}{ALPHABETS['digits']}{{1,{max(lengths) + 1}}}"  # a number grows, and may be small
    if with_digit * 2 < len(tails) or len(set(tails)) * 2 < len(tails):
        return ""
    if re.fullmatch("[0-9a-f]+", text) and min(lengths) >= SHORTEST_HEX and len(lengths) == 1:
        return f"{re.escape(head)}{ALPHABETS['hex']}{length}"
    if re.fullmatch("[0-9a-z]+", text) and min(lengths) >= SHORTEST_MIXED and len(lengths) == 1:
        return f"{re.escape(head)}{ALPHABETS['mixed']}{length}"
    return ""


def _common_word(values: Sequence[str]) -> str:
    first, last = min(values), max(values)
    at = 0
    while at < min(len(first), len(last)) and first[at] == last[at] and not first[at].isdigit():
        at += 1
    return first[:at]
