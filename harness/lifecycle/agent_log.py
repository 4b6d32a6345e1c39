"""The agent's own logs, and which errors in them the harness itself provoked."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase

from harness.guest.guest import Guest
from harness.guest.msi.log import decode_log
from harness.guest.round_trip import trees
from harness.model.errors import HarnessError
from harness.model.profile import AgentProfile
from harness.model.profile.health import ERROR_LINE, NO_ERROR
from harness.probe.answers.files import FileContent, Tree
from harness.probe.reading import ProbeFailed, read_value

LOG_BYTES = 8 * 1024 * 1024
"""Of a longer log the last part is read."""
OTHER_LOGS = 20
"""So many logs that nobody named in full are read."""
WILD = set("*?")
VARYING = re.compile(r"\w*\d\w*")
"""What differs between two lines that say the same: times, numbers, identifiers."""


def plain_logs(profile: AgentProfile) -> list[str]:
    """The profile's logs that are named in full. Pure."""
    return [path for path in profile.logs if not WILD & set(path)]


def is_declared(path: str, profile: AgentProfile) -> bool:
    """Whether one of the profile's logs means this file. Pure."""
    return any(fnmatchcase(path.lower(), each.lower()) for each in profile.logs)


def others(files: Iterable[str], profile: AgentProfile) -> list[str]:
    """Logs by their names that the profile does not name in full: by a pattern, or not at all. Pure."""
    named = {path.lower() for path in plain_logs(profile)}
    return sorted(
        path
        for path in files
        if path.lower() not in named and (path.lower().endswith(".log") or is_declared(path, profile))
    )[:OTHER_LOGS]


def read_logs(
    guest: Guest, profile: AgentProfile, files: Iterable[str] | None = None
) -> dict[str, list[str]]:
    """The lines of each log that is there, by its path: the profile's, and what else in its data folders is one.

    `files`: what lies in these folders, where that is known. One round trip, and one more where there are others.
    Raises what the guest layer raises.
    """
    named, folders = plain_logs(profile), profile.data_dirs if files is None else ()
    if not named and files is None and not folders:
        return {}
    asked = [*map(_reading, named), *trees(*folders), *map(_reading, others(files or (), profile))]
    answers = dict(zip(map(tuple, asked), guest.batch(*asked, repeatable=True) if asked else (), strict=True))
    if files is None:
        found = [
            f"{folder}\\{entry.path}"
            for folder in folders
            for entry in read_value("tree", Tree, answers[("tree", folder)]).entries
            if not entry.directory
        ]
        if more := [_reading(path) for path in others(found, profile)]:
            answers |= dict(zip(map(tuple, more), guest.batch(*more, repeatable=True), strict=True))
    lines: dict[str, list[str]] = {}
    for question, answer in answers.items():
        if question[0] == "read":
            with suppress(
                ProbeFailed
            ):  # one that was never begun, or is gone meanwhile, as a rotated log goes
                lines[question[-1]] = decode_log(read_value("read", FileContent, answer).base64).splitlines()
    return lines


def _reading(path: str) -> list[str]:
    return ["read", "--limit", str(LOG_BYTES), "--tail", path]


def errors(lines: Iterable[str], profile: AgentProfile) -> list[str]:
    """The lines that are errors by `health.error_pattern`. Pure.

    By the pattern that profiles have where they state none, a line that calls itself a lesser thing is no error.
    """
    wanted, milder = re.compile(profile.health.error_pattern), re.compile(NO_ERROR)
    own_pattern = profile.health.error_pattern != ERROR_LINE
    return [line for line in lines if wanted.search(line) and (own_pattern or not milder.search(line))]


def shape(line: str) -> str:
    """What a line says, without what differs each time. Pure."""
    return VARYING.sub("#", line).strip()


class Provoked:
    """Errors that came into the logs while the harness made the backend fail, or asked what must be refused.

    Every agent says so in its log. A line that says the same as one of these is no error of the agent's own, whenever
    it comes; but for what the log said already before anything was provoked.
    """

    def __init__(self) -> None:
        self._shapes: set[str] = set()
        self._own: set[str] = set()

    @contextmanager
    def during(self, guest: Guest, profile: AgentProfile) -> Iterator[None]:
        """Whatever comes into the logs in the block is provoked. A guest that does not tell is asked elsewhere, too."""
        self._own |= self._seen(guest, profile) - self._shapes
        try:
            yield
        finally:
            self._shapes |= self._seen(guest, profile) - self._own

    def holds(self, line: str) -> bool:
        """Whether the harness provoked what a line says."""
        return shape(line) in self._shapes

    def _seen(self, guest: Guest, profile: AgentProfile) -> set[str]:
        with suppress(HarnessError):
            logs = read_logs(guest, profile).values()
            return {shape(line) for lines in logs for line in errors(lines, profile)}
        return set()
