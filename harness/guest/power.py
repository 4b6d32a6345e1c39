"""Readiness and reboot, with proof: another boot identity, then several answers in a row."""

from harness.guest.console import Console
from harness.guest.facts import BootIdentity
from harness.guest.system_tools import SHUTDOWN
from harness.model.deadline import Deadline
from harness.model.errors import (
    DeadlineExceeded,
    GuestFault,
    GuestUnreachable,
    InfrastructureError,
    OutcomeUnknown,
)
from harness.probe.answers.system import Boot

ANSWERS_IN_A_ROW = 3
"""A connection that works once after a boot may be reset again."""

BETWEEN_S = 0.1
ANSWER_S = 15.0
REBOOT_COMMAND_S = 30.0
REFUSED_S = 15.0
"""How long a guest that seems to have refused a reboot goes on answering before that is believed."""


def boot_identity(console: Console, deadline: Deadline) -> BootIdentity:
    """Which boot this is. Raises what `Console.probe` raises."""
    boot = console.probe(Boot, "boot", deadline=deadline)
    return BootIdentity(boot.identity, boot.booted)


def await_ready(console: Console, deadline: Deadline, *, after: BootIdentity | None = None) -> BootIdentity:
    """Wait until the guest has answered several times in a row from one boot, which is not `after`.

    Raises `GuestUnreachable` if it does not answer by then, `DeadlineExceeded` if it answers and never rebooted.
    """
    answers: list[BootIdentity] = []
    last: InfrastructureError | None = None
    while True:
        try:
            boot = boot_identity(console, deadline.sooner(console.within(ANSWER_S)))
        except (GuestUnreachable, GuestFault, OutcomeUnknown, DeadlineExceeded) as error:
            last = error
            answers.clear()
            console.shell.reset()
        else:
            last = None
            answers = [*answers, boot] if boot in answers or not answers else [boot]
            if boot == after:
                answers.clear()
            if len(answers) >= ANSWERS_IN_A_ROW:
                return boot
        if deadline.passed:
            if last is not None:
                raise GuestUnreachable(
                    f"The guest did not answer steadily within {deadline.length_s:g} s: {last}"
                ) from last
            raise DeadlineExceeded("The guest's reboot" if after else "A steady answer", deadline.length_s)
        deadline.pause(BETWEEN_S)


def reboot(console: Console, deadline: Deadline) -> BootIdentity:
    """Ask for a reboot at once and wait for the next boot.

    Raises `GuestFault` if the guest refuses, which only counts once the same boot goes on answering: a reboot that has
    begun may cut off the answer of the command that asked for it, or end that command. Else what `await_ready` raises.
    """
    before = boot_identity(console, deadline)
    refused = _ask(console, deadline)
    console.shell.reset()
    if refused is not None:
        try:
            return await_ready(console, deadline.sooner(console.within(REFUSED_S)), after=before)
        except DeadlineExceeded:
            raise refused from None
        except GuestUnreachable as error:
            console.transcript.note(f"rebooting all the same: {error}")
    return await_ready(console, deadline, after=before)


def _ask(console: Console, deadline: Deadline) -> GuestFault | None:
    """Ask for the reboot; why it seems to be refused. Where nobody knows, the boot identity will tell."""
    try:
        result = console.run([SHUTDOWN, "/r", "/t", "0"], deadline.sooner(console.within(REBOOT_COMMAND_S)))
    except GuestFault as fault:
        return fault
    except (OutcomeUnknown, GuestUnreachable, DeadlineExceeded) as error:
        console.transcript.note(f"rebooting: {error}")
        return None
    if result.ok:
        return None
    return GuestFault(
        f"The guest refused to reboot: exit code {result.exit_code}.",
        code=result.exit_code,
        hint=result.stderr.strip() or result.stdout.strip(),
    )
