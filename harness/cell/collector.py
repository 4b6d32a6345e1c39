"""Collects a cell's evidence: from the agent, from its backend, from outside the machine. No verdict depends on it."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from harness.backend.interface import Backend
from harness.cell.autopsy import LOGS, examine
from harness.cell.best_effort import BestEffort
from harness.cell.recorder import CellRecorder
from harness.guest.guest import Guest
from harness.machines.provider import Machine
from harness.model.profile import AgentProfile
from harness.model.report import Evidence
from harness.reports.facts import TRANSCRIPT_PAGE
from harness.reports.transcript import read_entries, transcript_page

TRANSCRIPT = "transcript.jsonl"
LOGS_AT_THE_END = f"{LOGS}-at-the-end"
"""Logs that outlived the uninstall, beside those from before it."""
NOT_COLLECTED = "not-collected.txt"


class Collector:
    """Evidence of one cell, saved in its directory and described to its recorder."""

    def __init__(
        self, recorder: CellRecorder, profile: AgentProfile, backend: Backend, best_effort: BestEffort
    ) -> None:
        self._recorder, self._directory = recorder, recorder.directory
        self._profile, self._backend, self._best_effort = profile, backend, best_effort
        self._has_logs = self._was_diagnosed = False

    def from_agent(self, guest: Guest) -> None:
        """Save the agent's logs and, if a check has failed, what it says of itself. An uninstall takes both away.

        Raises nothing; what could not be had is noted.
        """
        if self._recorder.failed and not self._was_diagnosed:
            self._was_diagnosed = True
            for name, command in self._profile.diagnostics.items():
                with self._best_effort(f"collected: the profile's diagnostics {name!r}"):
                    guest.run(command, timeout_s=30)  # its output is in the transcript
        folder = LOGS_AT_THE_END if self._has_logs else LOGS
        self._has_logs = True
        with self._best_effort("collected: the agent's logs"):
            guest.collect(self._profile.logs, self._folder(folder))

    def from_outside(self, machine: Machine, folder: str) -> None:
        """Save what the provider can tell of a machine. Raises what the provider raises."""
        into = self._folder(folder)
        self._recorder.describe(into, machine.collect(into))

    def at_the_end(self, machine: Machine, guest: Guest, *, lost: bool) -> None:
        """Everything that is still to be had of the cell's last machine; `lost`: its guest is not asked any more."""
        # What was there before a successful uninstall is all there is, unless a check says otherwise.
        if not lost and (self._recorder.failed or not self._has_logs):
            self.from_agent(guest)
        with self._best_effort("collected from the backend"):
            self._backend.export(self._recorder.cell.id, self._directory / "backend.jsonl")
        if self._recorder.failed or lost:
            with self._best_effort("collected from outside the machine"):
                self.from_outside(machine, "machine")
            with self._best_effort("collected from the machine's disk"):
                self._recorder.describe(*examine(machine, self._profile, self._directory / "disk"))

    def write_transcript_page(self) -> None:
        """The transcript as a page, made after secrets were masked in the file that it is made of."""
        source = self._directory / TRANSCRIPT
        if source.exists():
            entries = read_entries(source.read_text(encoding="utf-8", errors="replace"))
            page = self._directory / TRANSCRIPT_PAGE
            page.write_text(transcript_page(self._recorder.cell.id, entries), encoding="utf-8")
            self._recorder.describe(
                self._directory,
                [Evidence(path=page.name, sha256="0" * 64, size=0, what="the transcript, to be read")],
            )

    def say_what_is_missing(self, masked: Callable[[str], str]) -> None:
        """Name what could not be done in the last attempt and in `not-collected.txt`, if anything."""
        missing = self._best_effort.missing
        if not missing:
            return
        if self._recorder.attempts:
            said = " ".join((self._recorder.attempts[-1].message, *missing)).strip()
            self._recorder.amend_attempt(message=said)
        text = "".join(f"{masked(line)}\n" for line in missing)
        with suppress(OSError):  # the disk may be full, and the attempt says it too
            (self._directory / NOT_COLLECTED).write_text(text, encoding="utf-8")

    def _folder(self, name: str) -> Path:
        folder = self._directory / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder
