"""A set-up program that failed on Wine is run once more, and Wine tells what it asked for.

An MSI's tables say which program of Windows its failed action runs. What makes a set-up program (Inno Setup, Burn,
InstallShield, NSIS …) has a form of its own for each of them, but all ask Wine for the programs that they run.
"""

from collections.abc import Sequence
from contextlib import suppress

from harness.candidate.kinds import made_by_nsis
from harness.candidate.nsis_script import nsis_lines
from harness.cell.session import CellSession
from harness.guest.msi.result import MsiResult, SetUpAgain
from harness.lifecycle.system_lacks import require_possible_program
from harness.machines.wine_prefix.process_trace import TELLS, asked_for
from harness.model.candidate import Candidate
from harness.model.deadline import Deadline
from harness.model.errors import HarnessError
from harness.model.substrate import GuestSystem

NO_LONGER_S = 60.0
"""A second time the installer has so long, if it has that long."""


def look_into(
    session: CellSession,
    package: Candidate,
    command: Sequence[str],
    result: MsiResult,
    deadline: Deadline,
    *,
    stays: Sequence[str],
) -> None:
    """Raises `SystemLacks` if the set-up program asks for a program of Windows that this guest lacks.

    `command`: what started it; none if it is not to run again. Where it ends otherwise then, or cannot be heard, the
    texts of an NSIS script are looked at instead.
    """
    system = session.machine.guest_system
    if system is not GuestSystem.WINE:
        return
    name, nsis = package.path.name, made_by_nsis(package.path)
    again: SetUpAgain | None = None
    with suppress(HarnessError):
        within, heard = Deadline.after(deadline.cap(NO_LONGER_S)), {"WINEDEBUG": TELLS}
        if command:
            again = session.guest.msi.run_again(command, within, heard, stays=stays, nsis=nsis)
    if again is not None:
        lines = asked_for(again.said.encode("ascii", "replace"))
        require_possible_program(system, name, lines, result)
        if again.exit_code == result.exit_code:
            return
    require_possible_program(system, name, nsis_lines(package.path), result, how="its script runs")
