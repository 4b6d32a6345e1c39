"""The agent's own logs, and which errors in them the harness itself provoked."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from harness.guest.guest import Guest
from harness.guest.msi.log import decode_log
from harness.model.errors import HarnessError
from harness.model.profile import AgentProfile
from harness.probe.answers.files import FileContent
from harness.probe.reading import ProbeFailed, read_value

LOG_BYTES = 8 * 1024 * 1024
"""Of a longer log the last part is read."""
WILD = set("*?")
VARYING = re.compile(r"\w*\d\w*")
"""What differs between two lines that say the same: times, numbers, identifiers."""


def plain_logs(profile: AgentProfile) -> list[str]:
    """The profile's logs that are named in full. Pure."""
    return [path for path in profile.logs if not WILD & set(path)]


def read_lines(guest: Guest, profile: AgentProfile) -> list[str] | None:
    """Every line of the logs that are there, in one round trip; None if none is. Raises what the guest layer raises."""
    commands = [("read", "--limit", str(LOG_BYTES), "--tail", path) for path in plain_logs(profile)]
    found = None
    for answer in guest.batch(*commands, repeatable=True) if commands else ():
        try:
            content = read_value("read", FileContent, answer).base64
        except ProbeFailed:
            continue  # a log that was never begun
        found = [*(found or ()), *decode_log(content).splitlines()]
    return found


def errors(lines: Iterable[str], profile: AgentProfile) -> list[str]:
    """The lines that are errors by `health.error_pattern`. Pure."""
    wanted = re.compile(profile.health.error_pattern)
    return [line for line in lines if wanted.search(line)]


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
            return {shape(line) for line in errors(read_lines(guest, profile) or (), profile)}
        return set()
