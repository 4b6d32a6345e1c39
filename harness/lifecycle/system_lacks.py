"""An installer that failed at what this kind of guest cannot do, and Windows can. Pure."""

from collections.abc import Iterable

from harness.candidate.command_lines import programs_run
from harness.candidate.msi_commands import commands
from harness.candidate.msi_tables import Tables
from harness.guest.msi.result import MsiResult
from harness.model.errors import InfrastructureError
from harness.model.substrate import ON_WINDOWS, GuestSystem
from harness.model.system_programs import begins_with_lacking, lacking

HINT = f"{ON_WINDOWS}, or let the failure of this action not fail the installation."


class SystemLacks(InfrastructureError):
    """What failed cannot be shown on this kind of guest, so it says nothing about the candidate."""


def require_possible_program(
    system: GuestSystem, package: str, lines: Iterable[str], result: MsiResult, *, how: str = "it asks for"
) -> None:
    """Raises `SystemLacks` if a set-up program that failed runs a program of Windows that the guest lacks.

    `lines`: the command lines that it and what it started asked for; or the texts of its script, of which nobody knows
    which one failed: a script that runs such a program proves nothing here by its failure. `how`: words for that.
    """
    for line in lines:
        for command in programs_run(line):
            if lack := begins_with_lacking(system, command):
                guest = system.value.capitalize()
                raise SystemLacks(
                    f"{package} cannot be tried on {guest}: {how} `{command}`, and {guest} has {lack}."
                    f" The installer ended with {result.exit_code}.",
                    hint=HINT,
                )


def require_possible(system: GuestSystem, package: str, tables: Tables, result: MsiResult) -> None:
    """Raises `SystemLacks` if the action that failed runs a program of Windows that the guest lacks.

    `package`: the MSI's name.
    """
    line = commands(tables).get(result.failed_action, "").strip()
    if lack := lacking(system, line):
        guest = system.value.capitalize()
        raise SystemLacks(
            f"{package} cannot be tried on {guest}: its action {result.failed_action} runs `{line}`, and {guest} has"
            f" {lack}. The installer ended with {result.exit_code}.",
            hint=HINT,
        )
