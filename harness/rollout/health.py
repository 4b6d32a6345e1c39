"""From what was heard of each host to the answer of the halt rule. Pure: the time is an argument."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum
from hashlib import sha256

from harness.rollout.halt import Bets, HaltRule, Harm, Race


class Health(StrEnum):
    """What is known about a release."""

    HALT = "halt"
    """It does harm."""
    HEALTHY = "healthy"
    """It does less than the harm that the rule names."""
    INCONCLUSIVE = "inconclusive"
    """Neither: more hosts or more time are needed. Never a reason to go on."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A host that was offered the release, or would have been if it were no control host."""

    host: str
    candidate: bool
    cohort: str
    """What it shares with those it is compared with, besides the time: ring and step."""
    entered: float
    last_seen: float
    """Its last check-in; `entered` if there was none."""
    harm: Harm | None = None
    """What it reported, or a silence that it came back from. One that lasts is found by `assess`."""
    harmed_at: float = 0.0
    released: float = float("inf")
    """When it ceased to be a control host, because the percentage rose."""


@dataclass(frozen=True)
class Group:
    """One side of the comparison in figures. `watched` counts hosts; the others are parts of it."""

    watched: int
    finished: int
    crashes: int
    uninstalls: int
    silences: int

    @property
    def harmed(self) -> int:
        """Hosts that came to any harm."""
        return self.crashes + self.uninstalls + self.silences


@dataclass(frozen=True)
class Assessment:
    """The answer, with what it rests on."""

    health: Health
    reason: str
    candidate: Group
    control: Group
    worse_evidence: float
    """Natural logarithm; halts at ln(1/α)."""
    good_evidence: float
    """Natural logarithm; healthy at ln(1/(1-power))."""
    worse_since: float | None = None
    """When the evidence was enough to halt, in Unix time."""

    @property
    def may_rise(self) -> bool:
        """The percentage may be raised, as far as health is concerned."""
        return self.health is Health.HEALTHY


def heard(host: Watched, at: float, rule: HaltRule, harm: Harm | None = None) -> Watched:
    """`host` after it was heard of at `at`, with what it reported. A silence that came before is not forgotten."""
    if host.harm is not None or at < host.last_seen:
        return host
    silent = host.last_seen + rule.silence_s
    if at > silent and silent <= _until(host, rule):
        return replace(host, last_seen=at, harm=Harm.SILENCE, harmed_at=silent)
    return replace(host, last_seen=at, harm=harm, harmed_at=at if harm else 0.0)


def assess(hosts: Iterable[Watched], rule: HaltRule, now: float) -> Assessment:
    """What `rule` says at Unix time `now` about a release, from all hosts that were ever watched for it."""
    courses = [_course(host, rule, now) for host in hosts]
    race, bets = Race(rule), Bets(rule)
    worse_since = _run(courses, race)
    cohorts: dict[Cohort, list[_Course]] = defaultdict(list)
    for course in courses:
        cohorts[course.cohort].append(course)
    for (_, number), members in sorted(cohorts.items()):
        if (number + 1) * rule.cohort_s + rule.window_s <= now:
            _bet([each for each in members if each.whole], bets)
    candidate, control = (_group(courses, candidate=side) for side in (True, False))
    unwell = control.harmed > rule.control_harm * control.watched
    good = bets.good and not unwell
    health = Health.HALT if worse_since is not None else Health.HEALTHY if good else Health.INCONCLUSIVE
    reason = _reason(health, candidate, control, race, unwell=unwell)
    return Assessment(health, reason, candidate, control, race.evidence, bets.evidence, worse_since)


Cohort = tuple[str, int]


@dataclass(frozen=True, slots=True)
class _Course:
    """How it went with one host, as far as is known."""

    host: str
    candidate: bool
    cohort: Cohort
    entered: float
    left: float
    harm: Harm | None
    whole: bool
    """Watched, or to be watched, to the end of the window: not made a candidate before."""
    finished: bool


def _until(host: Watched, rule: HaltRule) -> float:
    return min(host.entered + rule.window_s, host.released)


def _course(host: Watched, rule: HaltRule, now: float) -> _Course:
    end, until = host.entered + rule.window_s, _until(host, rule)
    at, harm = max(host.last_seen, host.entered) + rule.silence_s, Harm.SILENCE
    if host.harm is not None and host.harmed_at <= at:
        at, harm = host.harmed_at, host.harm
    known = at <= min(until, now)
    return _Course(
        host.host,
        host.candidate,
        (host.cohort, int(host.entered // rule.cohort_s)),
        host.entered,
        at if known else until,
        harm if known else None,
        until == end,
        end <= now,
    )


def _run(courses: Iterable[_Course], race: Race) -> float | None:
    """Let the race go through all that happened, in the order of time. Since when the release has been worse."""
    at_risk: dict[Cohort, list[int]] = defaultdict(lambda: [0, 0])
    worse_since: float | None = None
    for *_, change, course in sorted(_changes(courses), key=lambda each: each[:3]):
        counts = at_risk[course.cohort]
        if change is _Change.HARM:
            assert course.harm is not None
            race.harmed(course.harm, candidate=course.candidate, candidates=counts[1], controls=counts[0])
            if worse_since is None and race.worse:
                worse_since = course.left
        counts[course.candidate] += 1 if change is _Change.ENTRY else -1
    return worse_since


class _Change(IntEnum):
    """In this order where they fall together."""

    ENTRY = 0
    HARM = 1
    END = 2


def _changes(courses: Iterable[_Course]) -> Iterator[tuple[float, int, bytes, _Change, _Course]]:
    """Entries, harms and ends. Harms that fall together come in an order that knows nothing of the groups."""
    for course in courses:
        yield course.entered, 0, b"", _Change.ENTRY, course
        if course.harm is None:
            yield course.left, 2, b"", _Change.END, course
        else:
            tie = sha256(course.host.encode("utf-8", "surrogatepass")).digest()
            yield course.left, 1, tie, _Change.HARM, course


def _bet(courses: Sequence[_Course], bets: Bets) -> None:
    """One bet a block: the cohort dealt out, in the order of entry, so that each block has hosts of both groups."""
    ordered = sorted(courses, key=lambda course: (course.entered, course.host))
    sides = [[course for course in ordered if course.candidate is side] for side in (True, False)]
    blocks = min(len(side) for side in sides)
    for number in range(blocks):
        candidate, control = (_part_harmed(side[number::blocks]) for side in sides)
        bets.block(candidate, control)


def _part_harmed(courses: Sequence[_Course]) -> float:
    return sum(course.harm is not None for course in courses) / len(courses)


def _group(courses: Iterable[_Course], *, candidate: bool) -> Group:
    side = [course for course in courses if course.candidate is candidate]
    harms = Counter(course.harm for course in side)
    return Group(
        len(side),
        sum(course.finished for course in side),
        harms[Harm.CRASH],
        harms[Harm.UNINSTALL],
        harms[Harm.SILENCE],
    )


def _reason(health: Health, candidate: Group, control: Group, race: Race, *, unwell: bool) -> str:
    figures = (
        f"{candidate.harmed} of {candidate.watched} hosts with the release came to harm,"
        f" {control.harmed} of {control.watched} control hosts"
    )
    if health is Health.HALT:
        leading = race.leading()
        return f"{figures}{f'; what tells most is {leading.value}' if leading else ''}."
    if health is Health.HEALTHY:
        return f"{figures}: less than the rule's harm."
    if not candidate.watched:
        return "No host has been offered the release yet."
    if not control.watched:
        return "There is no control group to compare with: no host is left without the release."
    if unwell:
        return f"{figures}: something else is wrong with the fleet, so nothing can be told."
    return f"{figures}: too little to tell; more hosts or more time are needed."
