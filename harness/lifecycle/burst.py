"""Many files at once, names with letters of other alphabets, long texts: given together, so that one wait is for all."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from harness.backend.interface import Event
from harness.backend.matching import event_matches
from harness.lifecycle.once import happened, once
from harness.lifecycle.reported import columns_of, reported
from harness.lifecycle.stimulus import hold_ms
from harness.lifecycle.timeline import Timeline
from harness.lifecycle.undoing import undo
from harness.model.deadline import Deadline
from harness.model.profile.backend import Telemetry
from harness.probe.answers.stimulus import Stimulus
from harness.probe.reading import read_value

FILES = 100
KIND = "file_change"
PROGRAMS, STARTED = 10, "process_start"
"""Started at once, and running for a while: of an agent that misses one in ten all but one are reported."""
LOOKED_AT = 3
FOREIGN_KINDS = ("file_change", "registry_change", "process_start")
"""Those whose names may hold any letter; each that the profile declares is given."""
LONG_KINDS = ("process_start", "registry_change")
"""Those that have a text of any length: a command line, a value."""
AGAIN_S = 0.1
"""Between two looks at what arrived."""
PATH = 150
"""Letters that stand before the end of a long path, which may have 260 characters in all."""
LONG = 1500
"""Characters that stand before the token of a long text. A command line may have 32 767, and cmd.exe takes 8 191."""


@dataclass(frozen=True)
class Given:
    """What was done in the guest."""

    files: tuple[Stimulus, ...]
    programs: tuple[Stimulus, ...]
    foreign: tuple[Stimulus, ...]
    long: tuple[Stimulus, ...]
    deadline: Deadline
    """By when the backend must know."""


class Burst:
    """Given once, when the first check asks; all is undone at once."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._session = timeline.session
        self._events: dict[tuple[str, str], Event] = {}
        """What was found, by kind and nonce: an event that has come stays, and need not be looked for again."""
        self.held: Sequence[Sequence[str]] = ()
        """What could not be undone, because the agent holds a file open."""
        self._not_gone: list[dict[str, str]] = []
        self._not_changed: list[dict[str, str]] = []

    def missing(self) -> tuple[int, int]:
        """How many of the burst's events never arrived, and of how many."""
        files = self._given.files
        return sum(self._arrived(KIND, each) is None for each in files), len(files)

    def unseen(self) -> tuple[int, int]:
        """How many of the programs that were started at once were never reported, and of how many."""
        programs = self._given.programs
        return sum(self._arrived(STARTED, each) is None for each in programs), len(programs)

    def let_go(self) -> tuple[int, int]:
        """How many of the changed files nobody could delete afterwards, and of how many."""
        named = (*self._given.foreign, *self._given.long)
        files = len(self._given.files) + sum(each.name == KIND for each in named)
        return sum(KIND in command for command in self.held), files

    def foreign(self) -> list[tuple[Stimulus, Event | None]]:
        """Each change whose name has foreign letters, and the event that told of it."""
        return [(each, self._arrived(each.name, each)) for each in self._given.foreign]

    def long(self) -> list[tuple[Stimulus, Event | None]]:
        """Each long text, and the event that told of it."""
        return [(each, self._arrived(each.name, each)) for each in self._given.long]

    def tokens(self) -> list[str]:
        """Some that were given to a changed file and to nothing else; none where there was no burst."""
        return [each.nonce for each in self._given.files[:LOOKED_AT]] if happened(self, "_given") else []

    @once
    def _given(self) -> Given:
        _ = self._timeline.endpoint
        session = self._session
        telemetry = session.profile.telemetry
        kinds = [kind for kind in FOREIGN_KINDS if kind in telemetry]
        lengthy = [kind for kind in LONG_KINDS if tells_all(telemetry.get(kind))]
        token = f"{self._timeline.nonce}{secrets.token_hex(2)}"
        files = (
            [[KIND, "--nonce", f"{token}-{number:03}"] for number in range(FILES)]
            if KIND in telemetry
            else []
        )
        programs = (
            [[STARTED, "--nonce", f"{token}-p{number}"] for number in range(PROGRAMS)]
            if STARTED in telemetry
            else []
        )
        foreign = [[kind, "--foreign", "--nonce", f"{token}-f"] for kind in kinds]
        long = [[kind, "--padding", str(LONG), "--nonce", f"{token}-l"] for kind in lengthy]
        if KIND in telemetry and telemetry[KIND].longest is None:
            long += [[KIND, "--nonce", f"{token}-{'path' * (PATH // 4)}-l"]]
        everything = [*files, *programs, *foreign, *long]
        lasts = hold_ms(session)
        asked = (["stimulate", *each, "--hold-ms", lasts] for each in everything)
        answers = session.guest.batch(*asked, repeatable=True)
        stimuli = [read_value("stimulate", Stimulus, answer) for answer in answers]
        longest_s = max(telemetry[kind].deadline_s for kind in (*kinds, *lengthy))
        rest = iter(stimuli)
        done = {
            name: tuple(islice(rest, len(part)))
            for name, part in (("files", files), ("programs", programs), ("foreign", foreign), ("long", long))
        }
        given = Given(**done, deadline=session.within(longest_s))
        with session.recorder.stopwatch.waiting():
            self._await_all(given)
        self._overwrite(given)
        self.held = undo(session, [["unstimulate", *each] for each in everything])
        self._await_removal(given)
        return given

    def _await_all(self, given: Given) -> None:
        """Wait for every event. What came with the one waited for is taken in one look, not asked for one by one."""
        last_first = [*given.files, *given.programs, *given.foreign, *given.long][::-1]
        for each in last_first:
            if (each.name, each.nonce) not in self._events and self._arrived(each.name, each, given.deadline):
                self._take(each.name, last_first)

    def _take(self, kind: str, stimuli: Sequence[Stimulus]) -> None:
        """Note each of these stimuli that the backend was told of by now, by the first row that tells of it."""
        telemetry = self._session.profile.telemetry[kind]
        found = self._session.backend.events(self._session.cell.id, telemetry.query)
        for each in stimuli:
            if each.name == kind and (kind, each.nonce) not in self._events:
                columns = columns_of(telemetry.columns, each)
                for row in found:
                    if event_matches(row, telemetry.query, columns, telemetry.action):
                        self._events[kind, each.nonce] = row
                        break

    def _overwrite(self, given: Given) -> None:
        """Write some of the files once more; which of them were not reported as changed."""
        telemetry = self._session.profile.telemetry.get(KIND)
        if telemetry is None or not telemetry.when_changed:
            return
        files = given.files[:LOOKED_AT]
        wanted = [columns_of(telemetry.when_changed, each) for each in files]
        before = self._told(wanted)  # that it was made is a change of some agents' words, too
        commands = (["stimulate", KIND, "--nonce", each.nonce] for each in files)
        self._session.guest.batch(*commands, repeatable=True)
        until = self._session.within(telemetry.deadline_s)
        with self._session.recorder.stopwatch.waiting():
            while True:
                last = until.passed
                told = self._told(wanted)
                self._not_changed = [
                    each for each, was, now in zip(wanted, before, told, strict=True) if now <= was
                ]
                if last or not self._not_changed:
                    return
                until.pause(AGAIN_S)

    def _told(self, wanted: Sequence[Mapping[str, str]]) -> list[int]:
        """How many rows of a file's kind hold each of these columns."""
        telemetry = self._session.profile.telemetry[KIND]
        found = self._session.backend.events(self._session.cell.id, telemetry.query)
        return [
            sum(event_matches(row, telemetry.query, columns, telemetry.action) for row in found)
            for columns in wanted
        ]

    def not_changed(self) -> tuple[list[dict[str, str]], int]:
        """Rows that were to tell of an overwritten file and never came, and how many were waited for."""
        files = self._given.files[:LOOKED_AT]
        return self._not_changed, len(files)

    def _await_removal(self, given: Given) -> None:
        """Which of the first deleted files were not reported as such."""
        telemetry = self._session.profile.telemetry.get(KIND)
        if telemetry is None or not telemetry.when_gone:
            return
        until = self._session.within(telemetry.deadline_s)
        with self._session.recorder.stopwatch.waiting():
            for each in given.files[:LOOKED_AT]:
                columns = columns_of(telemetry.when_gone, each)
                if reported(self._session, each, until, columns) is None:
                    self._not_gone.append(columns)

    def not_gone(self) -> tuple[list[dict[str, str]], int]:
        """Rows that were to tell of a deleted file and never came, and how many were waited for."""
        return self._not_gone, len(self._given.files[:LOOKED_AT])

    def withdraw(self) -> None:
        """Undo what could not be undone before, because the agent held it open."""
        if self.held:
            self.held = undo(self._session, self.held)

    def _arrived(self, kind: str, stimulus: Stimulus, deadline: Deadline | None = None) -> Event | None:
        if (known := self._events.get((kind, stimulus.nonce))) is not None:
            return known
        found = reported(self._session, stimulus, deadline or Deadline.after(0))
        if found is not None:
            self._events[kind, stimulus.nonce] = found
        return found


def tells_all(telemetry: Telemetry | None) -> bool:
    """Whether a row of this kind is to hold a text of any length, which ends in what is looked for. Pure."""
    if telemetry is None or (telemetry.longest is not None and telemetry.longest < 2 * LONG):
        return False
    return any(
        fact in pattern
        for pattern in telemetry.columns.values()
        for fact in ("{nonce}", "{cmdline}", "{data}")
    )
