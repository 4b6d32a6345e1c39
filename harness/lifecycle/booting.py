"""How a cell's machine is made to boot: by the harness, or because an installer asks for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from harness.cell.session import CellSession
from harness.guest.facts import BootIdentity
from harness.guest.msi.exit_codes import MsiOutcome
from harness.guest.msi.result import MsiResult
from harness.model.errors import HarnessError


class Booting:
    """The part of a timeline that reboots its machine, and so knows each boot that was meant."""

    session: CellSession
    boot_after: dict[str, BootIdentity]
    descendants: set[tuple[int, str]]

    def reboot_now(self) -> BootIdentity:
        """Reboot the guest and wait until it answers steadily with a new boot identity."""
        session = self.session
        with self.boots_once_more(), session.recorder.stopwatch.waiting():
            return session.guest.reboot(session.within(session.profile.reboot_deadline_s))

    @contextmanager
    def boots_once_more(self) -> Iterator[None]:
        """The machine boots once in this block, because it is made to."""
        session = self.session
        before = session.machine.condition().boots
        session.expected_boots += 1
        session.disturb()
        try:
            yield
        except HarnessError:
            # One boot too many stays expected for good, and would hide the candidate's next unasked reboot.
            if session.machine.condition().boots == before:
                session.expected_boots -= 1
            raise
        session.silence.rebooted()
        self.descendants.clear()  # process ids begin anew

    def reboot_as_declared(self, when: Literal["install", "uninstall"], result: MsiResult) -> None:
        """Finish what ended with 3010, where the profile says that it does: what is looked at next comes after it."""
        declared = when in self.session.profile.installer.reboot_after
        if declared and result.meaning.outcome is MsiOutcome.REBOOT_NEEDED:
            self.boot_after[when] = self.reboot_now()
